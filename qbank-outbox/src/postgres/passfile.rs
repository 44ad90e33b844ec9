//! The password of a connection from a password file, as `psql` reads it: `PGPASSFILE`, else
//! `.pgpass` in the home folder.

use std::path::{Path, PathBuf};

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::store::StoreError;

pub(super) fn password(config: &Config) -> Result<Option<String>, StoreError> {
    let named = std::env::var_os("PGPASSFILE").map(PathBuf::from);
    let path = named.or_else(|| Some(std::env::home_dir()?.join(".pgpass")));
    let Some(path) = path.filter(|path| path.is_file()) else { return Ok(None) };
    private(&path)?;
    let text = std::fs::read_to_string(&path).map_err(|error| {
        StoreError::NotAStore(format!("the password file {}: {error}", path.display()))
    })?;
    Ok(wanted(config).iter().find_map(|wanted| find(&text, wanted)))
}

#[cfg(unix)]
fn private(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt as _;
    let open = std::fs::metadata(path).is_ok_and(|it| it.permissions().mode() & 0o077 != 0);
    if open {
        let path = path.display();
        return Err(StoreError::NotAStore(format!(
            "the password file {path} may be read by others: `chmod 600` it"
        )));
    }
    Ok(())
}

#[cfg(not(unix))]
fn private(_: &Path) -> Result<(), StoreError> {
    Ok(())
}

/// Host, port, database and user, of the first host. A socket is called by its folder, or
/// localhost.
fn wanted(config: &Config) -> Vec<[String; 4]> {
    let hosts = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => vec![name.clone()],
        #[cfg(unix)]
        Some(Host::Unix(path)) => vec![path.display().to_string(), "localhost".to_owned()],
        None => vec!["localhost".to_owned()],
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let user = config.get_user().unwrap_or_default().to_owned();
    let database = config.get_dbname().map_or_else(|| user.clone(), str::to_owned);
    let of = |host| [host, port.to_string(), database.clone(), user.clone()];
    hosts.into_iter().map(of).collect()
}

/// The password of the first line that matches: `host:port:database:user:password`, where `*`
/// matches anything and `\` makes the next character an ordinary one.
fn find(text: &str, wanted: &[String; 4]) -> Option<String> {
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let (fields, password) = split(line)?;
        let matches = |(field, wanted): (&Field, &String)| field.any || field.text == *wanted;
        fields.iter().zip(wanted).all(matches).then_some(password)
    })
}

struct Field {
    text: String,
    any: bool,
}

/// The four fields, and the password, which is all the rest.
fn split(line: &str) -> Option<([Field; 4], String)> {
    let mut characters = line.chars();
    let mut field = || {
        let mut field = Field { text: String::new(), any: false };
        let mut escaped = false;
        loop {
            match characters.next()? {
                ':' => {
                    field.any = field.text == "*" && !escaped;
                    return Some(field);
                }
                '\\' => {
                    escaped = true;
                    field.text.extend(characters.next());
                }
                character => field.text.push(character),
            }
        }
    };
    let fields = [field()?, field()?, field()?, field()?];
    let mut password = String::new();
    while let Some(character) = characters.next() {
        password.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    Some((fields, password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_matches_is_used() {
        let file = "# a comment\nshort:line\ndb.example:5432:pay:clerk:a\\:b:c\\\\\n\
                    *:*:*:treasurer:second\n\\*:*:*:*:no\n";
        let of =
            |host: &str, user: &str| find(file, &[host, "5432", "pay", user].map(str::to_owned));
        assert_eq!(of("db.example", "clerk").as_deref(), Some("a:b:c\\"));
        assert_eq!(of("other.example", "treasurer").as_deref(), Some("second"));
        assert_eq!(of("other.example", "clerk"), None);
        assert_eq!(find("a:b:c:d", &["a", "b", "c", "d"].map(str::to_owned)), None);
    }
}

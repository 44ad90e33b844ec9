//! Whether a database has an outbox, and how it gets one.

use deadpool_postgres::Client;

use super::fault::other;
use super::session::Session;
use crate::failpoint;
use crate::store::StoreError;

pub(super) const SQL: &str = include_str!("../../migrations/postgres-1.sql");
const VERSION: u32 = 1;

/// Whoever migrates at the same time waits.
const MIGRATES: &str = "SELECT pg_advisory_xact_lock(7165087)";

pub(super) async fn migrate(client: &mut Client) -> Result<(), StoreError> {
    failpoint::pass("migrate.before");
    let session = Session::begin(client).await?;
    session.query(MIGRATES, &[]).await?;
    match version(&session).await? {
        (_, Some(VERSION)) => return Ok(()),
        (place, Some(version)) => return Err(of_another_version(&place, version)),
        (_, None) => {}
    }
    let Session::Ours(transaction) = &session else { return Ok(()) };
    transaction.batch_execute(SQL).await.map_err(|error| {
        let names = ["42P07", "42723", "42710"];
        let taken = error.as_db_error().filter(|it| names.contains(&it.code().code()));
        taken.map(|it| it.message().to_owned()).map_or_else(
            || error.into(),
            |what| {
                StoreError::NotAStore(format!(
                    "{what}, and is not of an outbox: give the outbox a schema of its own, with \
                     ?options=-csearch_path%3DSCHEMA in the URL; nothing was changed"
                ))
            },
        )
    })?;
    failpoint::pass("migrate.written");
    session.commit().await?;
    failpoint::pass("migrate.committed");
    Ok(())
}

pub(super) async fn check(client: &mut Client) -> Result<(), StoreError> {
    let session = Session::look(client).await?;
    match version(&session).await? {
        (_, Some(VERSION)) => Ok(()),
        (place, Some(version)) => Err(of_another_version(&place, version)),
        (place, None) => Err(StoreError::NotAStore(format!(
            "{place} has no outbox in its search_path; `migrate` makes one in it"
        ))),
    }
}

async fn version(session: &Session<'_>) -> Result<(String, Option<u32>), StoreError> {
    let sql = "SELECT current_database()::text, current_setting('server_encoding'), \
               current_setting('server_version_num')::integer, \
               (SELECT count(*) FROM unnest(ARRAY['meta', 'intent', 'outbox']) AS name \
                WHERE to_regclass(name) IS NOT NULL)";
    let rows = session.query(sql, &[]).await?;
    let row = rows.first().ok_or_else(|| other("Postgres gave no row"))?;
    let place = format!("the database {}", row.try_get::<_, String>(0)?);
    let (encoding, server): (String, i32) = (row.try_get(1)?, row.try_get(2)?);
    if encoding != "UTF8" {
        return Err(StoreError::NotAStore(format!(
            "{place} has the encoding {encoding}, and an outbox needs UTF8; nothing was changed"
        )));
    }
    if server < 130_000 {
        return Err(StoreError::NotAStore(format!(
            "{place} is on Postgres {}, and an outbox needs 13 or later; nothing was changed",
            server / 10_000
        )));
    }
    let has: i64 = row.try_get(3)?;
    if has == 0 {
        return Ok((place, None));
    }
    let foreign = || {
        StoreError::NotAStore(format!(
            "{place} has tables of these names that are no outbox; nothing was changed"
        ))
    };
    if has != 3 {
        return Err(foreign());
    }
    // Of a table that is another's, these columns may not be there, or of other types.
    let sql = "SELECT count(*) FROM pg_attribute WHERE attrelid = to_regclass('meta') \
               AND attname IN ('name', 'value') AND atttypid = 'text'::regtype";
    let columns = session.query(sql, &[]).await?;
    if columns.first().map(|row| row.try_get::<_, i64>(0)).transpose()? != Some(2) {
        return Err(foreign());
    }
    let rows = session.query("SELECT value FROM meta WHERE name = 'schema'", &[]).await?;
    let value: Option<String> = rows.first().map(|row| row.try_get(0)).transpose()?;
    let version = value.and_then(|text| text.parse().ok()).ok_or_else(foreign)?;
    Ok((place, Some(version)))
}

fn of_another_version(place: &str, version: u32) -> StoreError {
    StoreError::NotAStore(format!(
        "{place} has schema {version}, and this program knows {VERSION}: use a newer program; nothing was changed"
    ))
}

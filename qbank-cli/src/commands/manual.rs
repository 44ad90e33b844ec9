//! `qbank completions` and `qbank man`: made from the tree that parses the arguments.

use std::fs;
use std::io;
use std::path::Path;

use clap_complete::Shell;
use clap_mangen::Man;

use crate::args;
use crate::failure::Failure;
use crate::output::print_verbatim;

pub(crate) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut args::plain_command(), "qbank", &mut script);
    shown(script)
}

/// The page of each command, one after the other or in files of their own.
pub(crate) fn man(folder: Option<&Path>) -> Result<(), Failure> {
    let mut pages = Vec::new();
    all(&args::command(), &mut pages).map_err(failed)?;
    let Some(folder) = folder else {
        return shown(pages.into_iter().flat_map(|(_, page)| page).collect());
    };
    fs::create_dir_all(folder)
        .map_err(|error| Failure::usage(format!("--dir {}: {error}", folder.display())))?;
    for (name, page) in pages {
        let path = folder.join(name);
        fs::write(&path, page).map_err(|error| {
            Failure::Local(format!("{} cannot be written: {error}", path.display()))
        })?;
    }
    Ok(())
}

/// From the top down, by the names of their files.
fn all(command: &clap::Command, pages: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    let man = Man::new(command.clone());
    let mut page = Vec::new();
    man.render(&mut page)?;
    pages.push((man.get_filename(), page));
    let visible = command.get_subcommands().filter(|it| !it.is_hide_set());
    visible.into_iter().try_for_each(|it| all(it, pages))
}

fn shown(bytes: Vec<u8>) -> Result<(), Failure> {
    let text = String::from_utf8(bytes).map_err(failed)?;
    print_verbatim(&text);
    Ok(())
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::Local(format!("cannot be made: {error}"))
}

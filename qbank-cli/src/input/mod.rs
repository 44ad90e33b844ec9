//! What the program reads besides its arguments: files, standard input and
//! environment variables, each with a bound.

mod file;
mod variable;

pub(crate) use file::{bytes, secret};
pub(crate) use variable::variable;

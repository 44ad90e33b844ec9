//! What an operation does to money, and what its calls are given for it.

use std::fmt::Debug;

use crate::config::{CallOptions, WriteOptions};

/// What an operation does to money: [`Read`] or [`Write`].
pub trait Effect: sealed::Sealed + 'static {
    /// What every call is given: [`CallOptions`], or [`WriteOptions`] with the key of its
    /// intent.
    type Options: Clone + Debug + Send + 'static;

    /// Options out of what every call may have, and what a write has besides.
    #[doc(hidden)]
    fn options(call: CallOptions, write: impl FnOnce() -> WriteOptions) -> Self::Options;

    /// What every call may have, and what a write has besides.
    #[doc(hidden)]
    fn parts(options: Self::Options) -> (CallOptions, Option<WriteOptions>);
}

/// Reads only: no key, and safe to repeat.
#[derive(Debug)]
pub enum Read {}

/// Moves money, or tells the bank something it must hear once: needs a key.
#[derive(Debug)]
pub enum Write {}

impl Effect for Read {
    type Options = CallOptions;

    fn options(call: CallOptions, _: impl FnOnce() -> WriteOptions) -> CallOptions {
        call
    }

    fn parts(options: CallOptions) -> (CallOptions, Option<WriteOptions>) {
        (options, None)
    }
}

impl Effect for Write {
    type Options = WriteOptions;

    fn options(call: CallOptions, write: impl FnOnce() -> WriteOptions) -> WriteOptions {
        write().call(call)
    }

    fn parts(mut options: WriteOptions) -> (CallOptions, Option<WriteOptions>) {
        (std::mem::take(&mut options.call), Some(options))
    }
}

mod sealed {
    #[expect(unnameable_types, reason = "only this crate has effects")]
    pub trait Sealed {}
    impl Sealed for super::Read {}
    impl Sealed for super::Write {}
}

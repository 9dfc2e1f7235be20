//! The commands of `hearth`: one file each.
//!
//! A command reads its arguments, asks the service or a part, prints for a person or as JSON, and
//! gives the exit code. Nothing below knows that there is a command line.

#![forbid(unsafe_code)]

pub mod keeper;

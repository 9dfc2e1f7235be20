//! Is this text safe? Judgements of text alone, early and readable.
//!
//! No file is opened here and nothing is asked of the kernel: what must hold is held by the walls of
//! `sandbox`, and every judgement here may be wrong without harm.

#![forbid(unsafe_code)]

pub mod address;
mod forms;
pub mod leak;
pub mod path;
pub mod shell;
pub mod spill;
pub mod url;

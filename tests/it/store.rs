//! The store at library level: records, restarts, faults of disk and file, kill -9.

mod kit;
mod records;

//! The store at library level: records, restarts, versions, faults of disk and file, kill -9.

mod budget;
mod caps;
mod cuts;
mod disk;
mod durable;
mod ended;
mod faults;
mod full;
mod keeps;
mod kills;
mod kit;
mod large;
mod memory;
mod mounted;
mod records;
mod retained;
mod salvage;
mod versions;

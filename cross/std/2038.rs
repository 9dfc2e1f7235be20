//! A program for a board: keeps time after 2038, in files and in the clock's types.
//!
//! `cross/smoke` compiles it with the std of each 32-bit target and runs it; it ends with 0 or panics.

use std::fs::File;
use std::time::{Duration, SystemTime};

fn main() {
    // The year 2242: 2^33 seconds do not fit into 32 bits, signed or not.
    let far = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 33);
    let path = std::env::args().nth(1).expect("a path for a file");
    let file = File::create(path).expect("a file");
    file.set_modified(far).expect("a time far ahead can be set");
    let read = file.metadata().expect("its metadata").modified().expect("its time");
    assert_eq!(read, far, "a time far ahead comes back as it was set");
    // Here a std with 32-bit time panics in 2038, because musl answers EOVERFLOW.
    println!("time goes on after 2038; now {:?}", SystemTime::now());
}

//! Linux interfaces of real hardware: the GPIO character device, I2C buses and sysfs attributes.
//!
//! Opens and requests; values are read and driven by the `lines` hand through [`super::value`].

#![allow(unsafe_code)]

pub(super) mod gpio;
pub(super) mod i2c;
pub(super) mod ready;
pub(super) mod sysfs;

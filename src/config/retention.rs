//! The settings of retention: for how many days memories of a sector or an area are kept.

use crate::base::shape::{Default, Field, Shape};

/// A hundred years.
const DAYS: Shape = Shape::Integer { min: 0, max: 36_500 };

const fn days(key: &'static str, doc: &'static str) -> Field {
    Field { key, shape: DAYS, default: Default::Integer(0), doc }
}

/// Sectors, then areas.
pub(super) const RETENTION: &[Field] = &[
    days("episodic", "Days for which what happened is kept, counted from when it was stored; 0: for ever."),
    days("semantic", "Days for which what is so is kept; 0: for ever."),
    days("procedural", "Days for which how something is done is kept; 0: for ever."),
    days("reflective", "Days for which what was concluded is kept; 0: for ever."),
    days("main", "Days for which the area main is kept, whatever the sector; 0: for ever."),
    days("fragments", "Days for which pieces of longer texts are kept; 0: for ever."),
    days("solutions", "Days for which the area solutions is kept; 0: for ever."),
    days("instruments", "Days for which the area instruments is kept; 0: for ever."),
];

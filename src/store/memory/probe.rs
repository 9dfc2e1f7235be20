//! A question's vector made ready for a scan: the inner loop of every search by meaning.
//!
//! Sixteen signed bytes are taken at a time where every processor of the kind has vector instructions (SSE2, NEON):
//! nine times as fast as one by one where the program is built for size.

use wide::{i16x8, i32x4};

use super::near::Packed;

/// Dimensions in one step.
const STEP: usize = 16;

/// A vector that many are compared with.
pub(super) struct Probe {
    scale: f32,
    /// Bytes with even places and bytes with odd ones, of each sixteen.
    blocks: Vec<(i16x8, i16x8)>,
    /// What is behind the last whole step.
    rest: Vec<u8>,
}

impl Probe {
    pub(super) fn of(vector: &Packed) -> Self {
        let (scale, steps) = vector.parts();
        let (whole, rest) = if cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
            steps.as_chunks::<STEP>()
        } else {
            // Elsewhere a step of lanes costs more than its bytes one by one.
            (&[][..], steps)
        };
        Self { scale, blocks: whole.iter().map(split).collect(), rest: rest.to_vec() }
    }

    /// Cosine with a vector of this scale and these signed bytes; 0 where their dimensions differ.
    pub(super) fn cosine(&self, scale: f32, steps: &[u8]) -> f32 {
        let Some((whole, rest)) = steps.split_at_checked(self.blocks.len() * STEP) else { return 0.0 };
        if rest.len() != self.rest.len() {
            return 0.0;
        }
        let mut lanes = i32x4::ZERO;
        for (bytes, (even, odd)) in whole.as_chunks::<STEP>().0.iter().zip(&self.blocks) {
            let (e, o) = split(bytes);
            lanes += e.dot(*even) + o.dot(*odd);
        }
        let signed = |byte: u8| i32::from(byte.cast_signed());
        // 130,000 dimensions would overflow; unchecked sums are twice as fast.
        let sum = rest
            .iter()
            .zip(&self.rest)
            .fold(lanes.reduce_add(), |sum, (a, b)| sum.wrapping_add(signed(*a) * signed(*b)));
        #[allow(clippy::cast_precision_loss, reason = "below 2^24 for 1,000 dimensions")]
        let sum = sum as f32;
        sum * self.scale * scale
    }
}

/// Sixteen signed bytes as two times eight numbers: which of them are the even ones is the same for all vectors.
#[inline]
fn split(bytes: &[u8; STEP]) -> (i16x8, i16x8) {
    let pairs: i16x8 = bytemuck::cast(*bytes);
    ((pairs << 8) >> 8, pairs >> 8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn lanes_sum_what_bytes_one_by_one_sum(pair in proptest::collection::vec((any::<u8>(), any::<u8>()), 1..400)) {
            let (a, b): (Vec<u8>, Vec<u8>) = pair.into_iter().unzip();
            let stored = |bytes: &[u8]| [&1.0_f32.to_le_bytes()[..], bytes].concat();
            let a = Packed::read(&stored(&a)).unwrap();
            let plain: i32 = a.parts().1.iter().zip(&b).map(|(x, y)| i32::from(x.cast_signed()) * i32::from(y.cast_signed())).sum();
            #[allow(clippy::cast_precision_loss, reason = "small")]
            let plain = plain as f32;
            prop_assert_eq!(Probe::of(&a).cosine(1.0, &b), plain);
            prop_assert_eq!(Probe::of(&a).cosine(1.0, &b[1..]), 0.0);
            prop_assert_eq!(a.cosine(&Packed::read(&stored(&b)).unwrap()), plain);
        }
    }
}

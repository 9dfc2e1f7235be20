//! The Schnorr proof over P-256: show that one holds a key, to a verifier that chose the challenge.
//!
//! x = SHA-256(master ‖ "schnorr-zkp") mod n, Y = xG; commitment R = kG, challenge c, response
//! s = k − c·x; accepted where sG + cY = R. All arithmetic on secrets is `p256`'s, in constant time;
//! points travel as x and y of 32 bytes each, left-padded by construction.

use p256::elliptic_curve::group::Group;
use p256::elliptic_curve::ops::Reduce;
use p256::elliptic_curve::sec1::{FromSec1Point, ToSec1Point};
use p256::elliptic_curve::{Field, PrimeField};
use p256::{AffinePoint, FieldBytes, ProjectivePoint, Scalar, Sec1Point};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::cipher::{self, CipherFault};

/// A point on the wire: x, then y, 32 bytes each, big endian.
pub type PointBytes = [u8; 64];
/// A challenge, response or master key on the wire.
pub type ScalarBytes = [u8; 32];

const DOMAIN: &[u8] = b"schnorr-zkp";

/// The secret half of a session key.
pub struct Secret(Scalar);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for Secret {}

impl Secret {
    /// The key of a master value; `None` in the one case of 2²⁵⁶ where it would be zero.
    #[must_use]
    pub fn derive(master: &[u8; 32]) -> Option<Self> {
        let mut digest = Sha256::new().chain_update(master).chain_update(DOMAIN).finalize();
        let scalar = reduce(&digest.into());
        digest.as_mut_slice().zeroize();
        (!bool::from(scalar.is_zero())).then_some(Self(scalar))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PointBytes {
        to_bytes(&(ProjectivePoint::GENERATOR * self.0))
    }
}

/// A proof that was begun: holds the nonce until the challenge comes.
pub struct Prover {
    nonce: Secret,
    /// What the verifier gets first.
    pub commitment: PointBytes,
}

impl Prover {
    /// Begins a proof. The nonce hashes fresh random bytes together with the key, so that a weak random
    /// source alone does not give the key away.
    ///
    /// # Errors
    /// [`CipherFault::System`] where there are no random bytes.
    pub fn begin(secret: &Secret) -> Result<Self, CipherFault> {
        let mut fresh: [u8; 32] = cipher::random()?;
        let mut own = secret.0.to_repr();
        let hash = Sha256::new().chain_update(b"hearth schnorr nonce").chain_update(fresh).chain_update(own);
        let nonce = Secret(reduce(&hash.finalize().into()));
        fresh.zeroize();
        own.as_mut_slice().zeroize();
        if bool::from(nonce.0.is_zero()) {
            return Err(CipherFault::System);
        }
        let commitment = nonce.public();
        Ok(Self { nonce, commitment })
    }

    /// The answer to the challenge. Takes the prover: a nonce that answers twice gives the key away.
    #[must_use]
    pub fn respond(self, secret: &Secret, challenge: &ScalarBytes) -> ScalarBytes {
        (self.nonce.0 - reduce(challenge) * secret.0).to_repr().into()
    }
}

/// Whether `response` shows that whoever committed to `commitment` holds the key of `public`.
///
/// A point that is not on the curve or at infinity, and a response that is zero or not below the
/// group's order, are refused.
#[must_use]
pub fn verify(public: &PointBytes, commitment: &PointBytes, challenge: &ScalarBytes, response: &ScalarBytes) -> bool {
    let (Some(public), Some(commitment)) = (from_bytes(public), from_bytes(commitment)) else { return false };
    let Some(response) = Option::<Scalar>::from(Scalar::from_repr(FieldBytes::from(*response))) else { return false };
    if bool::from(response.is_zero()) {
        return false;
    }
    ProjectivePoint::GENERATOR * response + public * reduce(challenge) == commitment
}

/// Whether `bytes` are a point on the curve.
#[must_use]
pub fn is_point(bytes: &PointBytes) -> bool {
    from_bytes(bytes).is_some()
}

fn reduce(bytes: &[u8; 32]) -> Scalar {
    Scalar::reduce(&FieldBytes::from(*bytes))
}

fn to_bytes(point: &ProjectivePoint) -> PointBytes {
    let mut bytes = [0; 64];
    // Tag, x, y; the identity has neither and stays zero, which no verifier takes.
    if let Some(xy) = AffinePoint::from(*point).to_sec1_point(false).as_bytes().get(1..65) {
        bytes.copy_from_slice(xy);
    }
    bytes
}

fn from_bytes(bytes: &PointBytes) -> Option<ProjectivePoint> {
    let point = Sec1Point::from_untagged_bytes(&(*bytes).into());
    let point = ProjectivePoint::from(Option::<AffinePoint>::from(AffinePoint::from_sec1_point(&point))?);
    (!bool::from(point.is_identity())).then_some(point)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof(secret: &Secret, challenge: &ScalarBytes) -> (PointBytes, ScalarBytes) {
        let prover = Prover::begin(secret).unwrap();
        (prover.commitment, prover.respond(secret, challenge))
    }

    #[test]
    fn a_proof_holds_for_its_challenge_and_key_only() {
        let secret = Secret::derive(&[7; 32]).unwrap();
        let challenge = cipher::random().unwrap();
        let (commitment, response) = proof(&secret, &challenge);
        assert!(verify(&secret.public(), &commitment, &challenge, &response));
        assert!(!verify(&secret.public(), &commitment, &[1; 32], &response));
        assert!(!verify(&Secret::derive(&[8; 32]).unwrap().public(), &commitment, &challenge, &response));
        assert_ne!(proof(&secret, &challenge).0, commitment, "a nonce came twice");
    }

    #[test]
    fn points_have_64_bytes_with_a_coordinate_that_begins_with_zero_too() {
        // About one master in 128 gives such a point; the proof must hold for them as for all others.
        let short = (0..=u16::MAX).map(|n| {
            let mut master = [0; 32];
            master[..2].copy_from_slice(&n.to_be_bytes());
            Secret::derive(&master).unwrap()
        });
        let secret = short.into_iter().find(|secret| secret.public()[0] == 0).unwrap();
        let (commitment, response) = proof(&secret, &[3; 32]);
        assert!(verify(&secret.public(), &commitment, &[3; 32], &response));
    }

    #[test]
    fn what_is_no_point_is_no_proof() {
        assert!(!is_point(&[0; 64]));
        assert!(!is_point(&[255; 64]));
        let secret = Secret::derive(&[7; 32]).unwrap();
        // s = 0 and R = cY would hold in the equation.
        assert!(!verify(&secret.public(), &[0; 64], &[0; 32], &[0; 32]));
        assert!(!format!("{secret:?}").contains('7'));
    }
}

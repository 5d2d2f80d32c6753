//! Keys whose secrets are known, and proofs under them that anybody can make: what a ceremony destroys.
//!
//! In: a number of inputs; inputs. Out: the bytes of a `.vk` file and of proofs that hold under it. Rule: Filecoin, B5.
//! Invariant: such a key differs from a real one only in that its secrets are not lost.

use blstrs::{G1Affine, G1Projective, G2Affine, G2Projective, Scalar};
use ruint::aliases::U256;
use sha2::{Digest, Sha256};

/// The order of the scalar field.
const ORDER: U256 = U256::from_limbs([
    0xffff_ffff_0000_0001,
    0x53bd_a402_fffe_5bfe,
    0x3339_d808_09a1_d805,
    0x73ed_a753_299d_7d48,
]);

/// The secrets.
pub struct MadeKey {
    g1: G1Projective,
    g2: G2Projective,
    alpha: Scalar,
    beta: Scalar,
    gamma: Scalar,
    delta: Scalar,
    ic: Vec<Scalar>,
}

impl MadeKey {
    /// Secrets of a key for this many inputs.
    pub fn new(inputs: usize) -> Self {
        let g1 = G1Projective::hash_to_curve(b"made key", b"G1", &[]);
        let g2 = G2Projective::hash_to_curve(b"made key", b"G2", &[]);
        let [alpha, beta, gamma, delta] =
            ["alpha", "beta", "gamma", "delta"].map(|name| secret(name, inputs));
        Self {
            g1,
            g2,
            alpha,
            beta,
            gamma,
            delta,
            ic: (0..=inputs).map(|place| secret("ic", place)).collect(),
        }
    }

    /// The key's file.
    pub fn file(&self) -> Vec<u8> {
        let mut file = Vec::new();
        file.extend(self.in_g1(&self.alpha).to_uncompressed());
        file.extend(self.in_g1(&self.beta).to_uncompressed());
        file.extend(self.in_g2(&self.beta).to_uncompressed());
        file.extend(self.in_g2(&self.gamma).to_uncompressed());
        file.extend(self.in_g1(&self.delta).to_uncompressed());
        file.extend(self.in_g2(&self.delta).to_uncompressed());
        file.extend(u32::try_from(self.ic.len()).unwrap().to_be_bytes());
        for scalar in &self.ic {
            file.extend(self.in_g1(scalar).to_uncompressed());
        }
        file
    }

    /// A proof of these inputs; each number makes another one.
    pub fn prove(&self, inputs: &[[u8; 32]], number: usize) -> Vec<u8> {
        let [b, c] = ["b", "c"].map(|name| secret(name, number));
        let sum = self.ic.iter().skip(1).zip(inputs).fold(self.ic[0], |sum, (scalar, input)| {
            sum + scalar * Option::<Scalar>::from(Scalar::from_bytes_le(input)).unwrap()
        });
        let a = (self.alpha * self.beta + sum * self.gamma + c * self.delta) * inverse(&b);
        let mut proof = self.in_g1(&a).to_compressed().to_vec();
        proof.extend(self.in_g2(&b).to_compressed());
        proof.extend(self.in_g1(&c).to_compressed());
        proof
    }

    /// The first input under which, all others being zero, the key's points cancel.
    pub fn cancelling_input(&self) -> [u8; 32] {
        (-self.ic[0] * inverse(&self.ic[1])).to_bytes_le()
    }

    fn in_g1(&self, scalar: &Scalar) -> G1Affine {
        G1Affine::from(self.g1 * scalar)
    }

    fn in_g2(&self, scalar: &Scalar) -> G2Affine {
        G2Affine::from(self.g2 * scalar)
    }
}

/// A scalar that a name and a number lead to.
pub fn secret(name: &str, number: usize) -> Scalar {
    let mut bytes: [u8; 32] =
        Sha256::new().chain_update(name).chain_update(number.to_le_bytes()).finalize().into();
    bytes[31] &= 0x3f;
    Option::from(Scalar::from_bytes_le(&bytes)).unwrap()
}

fn inverse(scalar: &Scalar) -> Scalar {
    let inverse = U256::from_le_bytes(scalar.to_bytes_le()).inv_mod(ORDER).unwrap();
    Option::from(Scalar::from_bytes_le(&inverse.to_le_bytes())).unwrap()
}

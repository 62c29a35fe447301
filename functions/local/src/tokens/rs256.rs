//! Only RS256, as in the JWT authorizer of API Gateway.

use jsonwebtoken::{
    Algorithm, DecodingKey, DecodingKeyKind,
    crypto::{CryptoProvider, JwtVerifier, KeyUtils},
    errors::ErrorKind,
    signature,
};
use rsa::{
    BoxedUint, PublicKey,
    pkcs1v15::{Signature, VerifyingKey},
    sha2::Sha256,
    signature::Verifier as _,
};

/// The crypto provider of `jsonwebtoken`. It supports no other algorithm, so the header of a token cannot choose one.
pub(super) static PROVIDER: CryptoProvider = CryptoProvider {
    // The issuer signs without this provider.
    signer_factory: |_, _| Err(ErrorKind::InvalidAlgorithm.into()),
    verifier_factory: |algorithm, key| match algorithm {
        Algorithm::RS256 => Ok(Box::new(Rs256(public(key)?))),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    },
    key_utils: KeyUtils::new_unimplemented(),
};

struct Rs256(VerifyingKey<Sha256>);

fn public(key: &DecodingKey) -> jsonwebtoken::errors::Result<VerifyingKey<Sha256>> {
    let DecodingKeyKind::RsaModulusExponent { n, e } = key.kind() else {
        return Err(ErrorKind::InvalidKeyFormat.into());
    };
    let number = |bytes: &[u8]| BoxedUint::from_be_slice_vartime(bytes);
    let key = PublicKey::new(number(n), number(e));
    Ok(VerifyingKey::new(key.map_err(|cause| ErrorKind::InvalidRsaKey(cause.to_string()))?))
}

impl signature::Verifier<Vec<u8>> for Rs256 {
    fn verify(&self, message: &[u8], signed: &Vec<u8>) -> Result<(), signature::Error> {
        let checked = Signature::try_from(&**signed).and_then(|it| self.0.verify(message, &it));
        checked.map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Rs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

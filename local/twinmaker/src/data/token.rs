//! Tokens of connectors, sealed so that clients can neither read nor change them, nor use them for
//! another question.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Generate, Payload},
};

use super::subject::Subject;
use crate::wire::Error;

/// Bytes before the sealed text.
const NONCE_BYTES: usize = 24;

/// Seals and opens tokens with one key.
pub struct Tokens {
    cipher: XChaCha20Poly1305,
}

impl Tokens {
    /// Tokens of this key.
    pub fn new(key: &[u8; 32]) -> Self {
        Self { cipher: XChaCha20Poly1305::new(key.into()) }
    }

    /// Seals a connector's token. It opens for the same workspace and subject alone.
    pub fn seal(&self, token: &str, workspace: &str, subject: &Subject) -> Result<String, Error> {
        let nonce = XNonce::try_generate()
            .map_err(|cause| Error::internal(format!("No random numbers for a token: {cause}.")))?;
        let aad = scope(workspace, subject);
        let sealed = self
            .cipher
            .encrypt(&nonce, Payload { msg: token.as_bytes(), aad: aad.as_bytes() })
            .map_err(|_| Error::internal("A token could not be sealed."))?;
        Ok(BASE64.encode([nonce.as_slice(), sealed.as_slice()].concat()))
    }

    /// The connector's token in `token`.
    pub fn open(&self, token: &str, workspace: &str, subject: &Subject) -> Result<String, Error> {
        let open = || {
            let bytes = BASE64.decode(token).ok()?;
            let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES)?;
            let nonce = XNonce::try_from(nonce).ok()?;
            let aad = scope(workspace, subject);
            let token = self.cipher.decrypt(&nonce, Payload { msg: sealed, aad: aad.as_bytes() }).ok()?;
            String::from_utf8(token).ok()
        };
        open().ok_or_else(|| Error::validation("The nextToken is not valid for this request."))
    }
}

/// No id or name contains a line break.
fn scope(workspace: &str, subject: &Subject) -> String {
    match subject {
        Subject::Component { entity, component } => format!("{workspace}\ncomponent\n{entity}\n{component}"),
        Subject::ComponentType { id } => format!("{workspace}\ncomponent-type\n{id}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_comes_back(token in any::<String>(), id in "[a-zA-Z0-9.:_-]{1,20}") {
            let (tokens, subject) = (Tokens::new(&[7; 32]), Subject::ComponentType { id });
            let sealed = tokens.seal(&token, "home", &subject).expect("it can be sealed");
            prop_assert_eq!(tokens.open(&sealed, "home", &subject).expect("it opens"), token);
        }

        #[test]
        fn no_text_breaks_the_opening(text in any::<String>()) {
            let subject = Subject::ComponentType { id: "mixer".to_owned() };
            prop_assert!(Tokens::new(&[7; 32]).open(&text, "home", &subject).is_err());
        }
    }

    #[test]
    fn a_token_opens_for_what_it_was_sealed_for() {
        let tokens = Tokens::new(&[7; 32]);
        let component = |entity: &str, component: &str| Subject::Component {
            entity: entity.to_owned(),
            component: component.to_owned(),
        };
        let subject = component("mixer", "telemetry");
        let secret = "{\"after\": \"2026-01-01T00:00:00Z\"}";
        let sealed = tokens.seal(secret, "home", &subject).expect("it can be sealed");
        assert_eq!(tokens.open(&sealed, "home", &subject).expect("it opens"), secret);
        let again = tokens.seal(secret, "home", &subject).expect("it can be sealed");
        assert_ne!(sealed, again, "nobody sees that two tokens are one");

        let elsewhere = Subject::ComponentType { id: "mixer".to_owned() };
        for (workspace, other) in [
            ("work", &subject),
            ("home", &component("other", "telemetry")),
            ("home", &component("mixer", "alarm")),
            ("home", &elsewhere),
        ] {
            assert!(tokens.open(&sealed, workspace, other).is_err(), "{workspace} {other:?}");
        }
        assert!(Tokens::new(&[8; 32]).open(&sealed, "home", &subject).is_err(), "another key");
        let bytes = BASE64.decode(&sealed).expect("it is base64");
        for changed in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[changed] ^= 1;
            assert!(tokens.open(&BASE64.encode(bytes), "home", &subject).is_err(), "byte {changed}");
        }
        for made_up in ["", "AAAA", "not base64!", secret] {
            assert!(tokens.open(made_up, "home", &subject).is_err(), "{made_up}");
        }
    }
}

//! Which frames there are that a client may send.

use super::ClientFrame;

impl ClientFrame {
    /// Every `type` that a client's frame can have.
    pub const TYPES: [&str; 8] = [
        "register",
        "subscribe",
        "unsubscribe",
        "publish",
        "typing",
        "read",
        "seen",
        "told",
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_known() {
        for kind in ClientFrame::TYPES {
            let bare = format!(r#"{{"type":"{kind}"}}"#);
            let error = serde_json::from_str::<ClientFrame>(&bare).unwrap_err();
            assert!(error.to_string().contains("missing field"), "{error}");
        }
        let unknown = serde_json::from_str::<ClientFrame>(r#"{"type":"dance"}"#);
        let error = unknown.unwrap_err().to_string();
        // serde names all that there are.
        let named = error.matches('`').count() / 2 - 1;
        assert_eq!(named, ClientFrame::TYPES.len(), "{error}");
    }
}

//! The kinds of problems that every service has. Each row has both languages, so no problem can lack one.

use crate::problem::{Japanese, Kind};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $kind:expr;)+) => {
        impl Kind {
            $($(#[$doc])* pub const $name: Self = $kind;)+

            /// Every kind that the edge defines.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
        }
    };
}

const fn ja(title: &'static str, detail: &'static str) -> Japanese {
    Japanese { title, detail }
}

kinds! {
    /// The body, a header, an id or a parameter is malformed.
    MALFORMED = Self::new(400, "malformed-request", "The request is malformed", ja(
        "リクエストの形式が正しくありません",
        "示した箇所を直してから、もう一度送ってください。",
    ));
    /// The request has no verified identity.
    UNAUTHENTICATED = Self::new(401, "unauthenticated", "Authentication required", ja(
        "認証が必要です",
        "呼び出し元を確認できません。有効なトークンまたは署名を付けて送ってください。",
    ));
    /// This caller may not do this.
    FORBIDDEN = Self::new(403, "forbidden", "Not allowed", ja(
        "許可されていません",
        "この操作を行う権限がありません。",
    ));
    /// It does not exist, or is not the caller's.
    NOT_FOUND = Self::new(404, "not-found", "Not found", ja(
        "見つかりません",
        "存在しないか、参照する権限がありません。ID とパスを確かめてください。",
    ));
    /// The path exists, but not with this method.
    METHOD_NOT_ALLOWED = Self::new(405, "method-not-allowed", "Method not allowed", ja(
        "このメソッドは使えません",
        "このパスで使えるメソッドは Allow ヘッダーにあります。",
    ));
    /// The aggregate's state forbids the command.
    ILLEGAL_TRANSITION = Self::new(409, "illegal-transition", "The current state forbids this", ja(
        "現在の状態ではできません",
        "現在の状態ではこのコマンドを受け付けられません。最新の状態を確かめてください。",
    ));
    /// Other commands on the same stream won every attempt.
    VERSION_CONFLICT = Self::new(409, "version-conflict", "Version conflict", ja(
        "バージョンが競合しました",
        "同じ集約への他のコマンドが先に記録されました。同じ冪等性キーでもう一度送ってください。",
    )).retryable();
    /// `If-Match` or `If-None-Match` does not hold.
    PRECONDITION_FAILED = Self::new(412, "precondition-failed", "The precondition does not hold", ja(
        "前提条件が満たされていません",
        "If-Match または If-None-Match が現在のバージョンと合いません。読み直してから送ってください。",
    ));
    /// The body or its events exceed a size limit.
    PAYLOAD_TOO_LARGE = Self::new(413, "payload-too-large", "The body is too large", ja(
        "本文が大きすぎます",
        "本文、または記録されるイベントが上限を超えています。小さくしてから送ってください。",
    ));
    /// The content type is not plain JSON in UTF-8.
    UNSUPPORTED_MEDIA_TYPE = Self::new(415, "unsupported-media-type", "Only JSON is accepted", ja(
        "JSON だけを受け付けます",
        "本文を UTF-8 の JSON にし、Content-Type: application/json を付けて送ってください。",
    ));
    /// The same command key came with another request.
    KEY_REUSED = Self::new(422, "key-reused", "The key was used for another request", ja(
        "冪等性キーは別のリクエストで使われています",
        "この Idempotency-Key は内容の異なるリクエストで使われました。新しいキーを付けて送ってください。",
    ));
    /// Too many requests.
    THROTTLED = Self::new(429, "throttled", "Too many requests", ja(
        "リクエストが多すぎます",
        "Retry-After の秒数だけ待ってから、もう一度送ってください。",
    )).retryable();
    /// A bug, or stored data that cannot be read.
    INTERNAL = Self::new(500, "internal", "Internal error", ja(
        "内部エラー",
        "サービス側で障害が起きました。同じ冪等性キーで送り直すか、instance の値を添えて連絡してください。",
    ));
    /// A store is down or too slow. Sending the same request with the same key again is safe.
    UNAVAILABLE = Self::new(503, "unavailable", "Service unavailable", ja(
        "一時的に利用できません",
        "Retry-After の秒数だけ待って、同じリクエストを送ってください。コマンドには同じ Idempotency-Key を付けてください。",
    )).retryable();
}

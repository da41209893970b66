// @generated from the migrations by `diesel print-schema` (see diesel.toml).
diesel::table! {
    users (id) {
        id -> Text,
        username -> Text,
        username_folded -> Text,
        username_skeleton -> Text,
        email -> Nullable<Text>,
        email_folded -> Nullable<Text>,
        email_verified_at -> Nullable<BigInt>,
        password_hash -> Nullable<Text>,
        password_changed_at -> Nullable<BigInt>,
        role -> Text,
        created_at -> BigInt,
        disabled_at -> Nullable<BigInt>,
        display_name -> Nullable<Text>,
        time_zone -> Nullable<Text>,
        closed_at -> Nullable<BigInt>,
        second_factor_since -> Nullable<BigInt>,
        factors_changed_at -> Nullable<BigInt>,
        second_passkey_declined_at -> Nullable<BigInt>,
        groups -> Text,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        user_id -> Text,
        created_at -> BigInt,
        authenticated_at -> BigInt,
        last_seen_at -> BigInt,
        expires_at -> BigInt,
        amr -> Text,
        address -> Text,
        user_agent -> Text,
        revoked_at -> Nullable<BigInt>,
        revoked_because -> Nullable<Text>,
        renewable_since -> Nullable<BigInt>,
        network -> Text,
        status_index -> Nullable<BigInt>,
    }
}

diesel::table! {
    signing_keys (id) {
        id -> Text,
        algorithm -> Text,
        public_jwk -> Text,
        sealed_private -> Binary,
        created_at -> BigInt,
        withdrawn_at -> Nullable<BigInt>,
        signs_from -> BigInt,
    }
}

diesel::table! {
    revocations (id) {
        id -> Text,
        user_id -> Text,
        session_id -> Nullable<Text>,
        revoked_at -> BigInt,
    }
}

diesel::table! {
    events (id) {
        id -> Text,
        at -> BigInt,
        kind -> Text,
        user_id -> Nullable<Text>,
        actor -> Text,
        session_id -> Nullable<Text>,
        request_id -> Text,
        address -> Text,
        user_agent -> Text,
        detail -> Nullable<Text>,
    }
}

diesel::table! {
    login_failures (bucket) {
        bucket -> Text,
        failures -> BigInt,
        blocked_until -> BigInt,
        touched_at -> BigInt,
    }
}

diesel::table! {
    one_time_tokens (digest) {
        digest -> Text,
        purpose -> Text,
        user_id -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
        email_folded -> Nullable<Text>,
        mail_id -> Nullable<Text>,
        email -> Nullable<Text>,
        session_id -> Nullable<Text>,
    }
}

diesel::table! {
    outbox (id) {
        id -> Text,
        kind -> Text,
        recipient -> Text,
        sealed -> Nullable<Binary>,
        created_at -> BigInt,
        send_after -> Nullable<BigInt>,
        attempts -> BigInt,
        last_error -> Nullable<Text>,
        sent_at -> Nullable<BigInt>,
        given_up_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    reset_requests (id) {
        id -> Text,
        email_folded -> Text,
        asked_at -> BigInt,
        request_id -> Text,
        address -> Text,
        user_agent -> Text,
    }
}

diesel::table! {
    refresh_tokens (digest) {
        digest -> Text,
        session_id -> Text,
        token_id -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        spent_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    totp_factors (user_id) {
        user_id -> Text,
        sealed_secret -> Binary,
        created_at -> BigInt,
        confirmed_at -> Nullable<BigInt>,
        last_step -> Nullable<BigInt>,
    }
}

diesel::table! {
    email_proofs (id) {
        id -> Text,
        user_id -> Text,
        email -> Text,
        email_folded -> Text,
        replaces -> Nullable<Text>,
        code_digest -> Nullable<Text>,
        link_digest -> Nullable<Text>,
        mail_id -> Nullable<Text>,
        tries -> BigInt,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    recovery_codes (digest) {
        digest -> Text,
        user_id -> Text,
        created_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    login_challenges (digest) {
        digest -> Text,
        user_id -> Text,
        password_digest -> Text,
        stay -> Text,
        replaces -> Nullable<Text>,
        address -> Text,
        user_agent -> Text,
        tries -> BigInt,
        created_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
        told_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    passkeys (id) {
        id -> Text,
        user_id -> Text,
        credential_id -> Text,
        sealed_credential -> Binary,
        rp_id -> Text,
        name -> Text,
        aaguid -> Nullable<Text>,
        is_synced -> Bool,
        sign_count -> BigInt,
        created_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
        cloned_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    spent_ceremonies (digest) {
        digest -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    groups (name) {
        name -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    memberships (user_id, group_name) {
        user_id -> Text,
        group_name -> Text,
        since -> BigInt,
    }
}

diesel::table! {
    status_blocks (first_index) {
        first_index -> BigInt,
        free_at -> BigInt,
    }
}

diesel::table! {
    invalid_tokens (status_index) {
        status_index -> BigInt,
        since -> BigInt,
        until -> BigInt,
    }
}

diesel::table! {
    api_keys (id) {
        id -> Text,
        user_id -> Text,
        digest -> Text,
        name -> Text,
        scopes -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::joinable!(email_proofs -> users (user_id));

diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(api_keys -> users (user_id));
diesel::joinable!(memberships -> users (user_id));
diesel::joinable!(refresh_tokens -> sessions (session_id));
diesel::joinable!(one_time_tokens -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(users, sessions);
diesel::allow_tables_to_appear_in_same_query!(users, memberships);
diesel::allow_tables_to_appear_in_same_query!(users, api_keys);
diesel::allow_tables_to_appear_in_same_query!(sessions, refresh_tokens);

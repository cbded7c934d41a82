//! English.

use super::{Notice, Texts};

pub(super) static TEXTS: Texts = Texts {
    language: "en",
    locale_ids: &[1, 1176, 1181, 1277, 1278, 1279, 1280, 1281, 1288, 1289],
    continue_button: "Continue",
    try_again: "Try again",
    go_to_login: "Go to the login page",
    contact_support: "Contact support",
    reference: "Reference",
    for_administrators: "Information for administrators",
    signing_in: "Signing you in…",
    one_moment: "One moment, please.",
    to_help_center: "You are on your way to the help center.",
    to_agent_workspace: "You are on your way to the agent workspace.",
    reload_hint: "If the button no longer works, reload this page.",
    sign_in_loop: Notice {
        title: "You are not signed in yet",
        text: "You were sent back here several times within a minute. You can try again, or wait a minute first.",
    },
    signed_out: Notice { title: "You are signed out", text: "You can close this page." },
    not_signed_in: Notice {
        title: "Please sign in first",
        text: "Sign in to your account, and then come back to this page.",
    },
    refused: Notice {
        title: "We could not sign you in",
        text: "Please go to the login page and try again, perhaps with another account.",
    },
    unavailable: Notice { title: "Sign-in is not available right now", text: "Please try again in a moment." },
    invalid_request: Notice {
        title: "This page cannot be opened",
        text: "Please go back to the page that you came from, and start again.",
    },
    address_not_allowed: Notice {
        title: "This email address is not accepted",
        text: "Please use another account, or ask support to allow your email address.",
    },
    account_not_set_up: Notice {
        title: "Your account could not be set up",
        text: "Please ask support to check your name and email address.",
    },
    used_already: Notice { title: "This sign-in was already used", text: "Please try again, and click only once." },
    took_too_long: Notice { title: "This sign-in took too long", text: "Please try again." },
    too_many: Notice { title: "Too many sign-ins in a short time", text: "Please wait a minute, and then try again." },
    not_accepted: Notice {
        title: "We could not sign you in",
        text: "Please try again in a minute. If it happens again, please contact support.",
    },
};

//! German.

use super::{Notice, Texts};

pub(super) static TEXTS: Texts = Texts {
    language: "de",
    locale_ids: &[8, 1294, 1295],
    continue_button: "Weiter",
    try_again: "Erneut versuchen",
    go_to_login: "Zur Anmeldeseite",
    contact_support: "Support kontaktieren",
    reference: "Referenz",
    for_administrators: "Informationen für Administratoren",
    signing_in: "Anmeldung läuft\u{a0}…",
    one_moment: "Einen Moment, bitte.",
    to_help_center: "Sie werden zum Help Center weitergeleitet.",
    to_agent_workspace: "Sie werden zum Agentenarbeitsbereich weitergeleitet.",
    reload_hint: "Wenn die Schaltfläche nicht mehr reagiert, laden Sie diese Seite neu.",
    sign_in_loop: Notice {
        title: "Sie sind noch nicht angemeldet",
        text: "Sie wurden innerhalb einer Minute mehrmals hierher zurückgeleitet. Sie können es erneut versuchen oder zuerst eine Minute warten.",
    },
    signed_out: Notice { title: "Sie sind abgemeldet", text: "Sie können diese Seite schließen." },
    not_signed_in: Notice {
        title: "Bitte melden Sie sich zuerst an",
        text: "Melden Sie sich bei Ihrem Konto an, und kehren Sie dann zu dieser Seite zurück.",
    },
    refused: Notice {
        title: "Wir konnten Sie nicht anmelden",
        text: "Bitte gehen Sie zur Anmeldeseite und versuchen Sie es erneut, eventuell mit einem anderen Konto.",
    },
    unavailable: Notice {
        title: "Die Anmeldung ist zurzeit nicht verfügbar",
        text: "Bitte versuchen Sie es gleich noch einmal.",
    },
    invalid_request: Notice {
        title: "Diese Seite kann nicht geöffnet werden",
        text: "Bitte kehren Sie zur vorherigen Seite zurück und beginnen Sie von vorn.",
    },
    address_not_allowed: Notice {
        title: "Diese E-Mail-Adresse wird nicht akzeptiert",
        text: "Bitte verwenden Sie ein anderes Konto, oder bitten Sie den Support, Ihre E-Mail-Adresse zuzulassen.",
    },
    account_not_set_up: Notice {
        title: "Ihr Konto konnte nicht eingerichtet werden",
        text: "Bitte lassen Sie Ihren Namen und Ihre E-Mail-Adresse vom Support prüfen.",
    },
    used_already: Notice {
        title: "Diese Anmeldung wurde bereits verwendet",
        text: "Bitte versuchen Sie es erneut, und klicken Sie nur einmal.",
    },
    took_too_long: Notice { title: "Diese Anmeldung hat zu lange gedauert", text: "Bitte versuchen Sie es erneut." },
    too_many: Notice {
        title: "Zu viele Anmeldungen in kurzer Zeit",
        text: "Bitte warten Sie eine Minute, und versuchen Sie es dann erneut.",
    },
    not_accepted: Notice {
        title: "Wir konnten Sie nicht anmelden",
        text: "Bitte versuchen Sie es in einer Minute erneut. Wenn es wieder nicht klappt, wenden Sie sich bitte an den Support.",
    },
};

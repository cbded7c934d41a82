//! Dutch.

use super::{Notice, Texts};

pub(super) static TEXTS: Texts = Texts {
    language: "nl",
    locale_ids: &[1005, 1293],
    continue_button: "Doorgaan",
    try_again: "Opnieuw proberen",
    go_to_login: "Naar de inlogpagina",
    contact_support: "Contact opnemen met support",
    reference: "Referentie",
    for_administrators: "Informatie voor beheerders",
    signing_in: "U wordt ingelogd…",
    one_moment: "Een ogenblik geduld.",
    to_help_center: "U wordt doorgestuurd naar het helpcenter.",
    to_agent_workspace: "U wordt doorgestuurd naar de agentwerkruimte.",
    reload_hint: "Laad deze pagina opnieuw als de knop niet meer reageert.",
    sign_in_loop: Notice {
        title: "U bent nog niet ingelogd",
        text: "U bent binnen een minuut meerdere keren hier teruggekomen. U kunt het opnieuw proberen of eerst een minuut wachten.",
    },
    signed_out: Notice { title: "U bent uitgelogd", text: "U kunt deze pagina sluiten." },
    not_signed_in: Notice { title: "Log eerst in", text: "Log in op uw account en kom daarna terug naar deze pagina." },
    refused: Notice {
        title: "We konden u niet inloggen",
        text: "Ga naar de inlogpagina en probeer het opnieuw, eventueel met een ander account.",
    },
    unavailable: Notice {
        title: "Inloggen is op dit moment niet mogelijk",
        text: "Probeer het over een ogenblik opnieuw.",
    },
    invalid_request: Notice {
        title: "Deze pagina kan niet worden geopend",
        text: "Ga terug naar de vorige pagina en begin opnieuw.",
    },
    address_not_allowed: Notice {
        title: "Dit e-mailadres wordt niet geaccepteerd",
        text: "Gebruik een ander account of vraag support om uw e-mailadres toe te staan.",
    },
    account_not_set_up: Notice {
        title: "Uw account kon niet worden ingesteld",
        text: "Vraag support om uw naam en e-mailadres te controleren.",
    },
    used_already: Notice {
        title: "Deze aanmelding is al gebruikt",
        text: "Probeer het opnieuw en klik maar één keer.",
    },
    took_too_long: Notice { title: "Het inloggen duurde te lang", text: "Probeer het opnieuw." },
    too_many: Notice { title: "Te vaak ingelogd in korte tijd", text: "Wacht een minuut en probeer het dan opnieuw." },
    not_accepted: Notice {
        title: "We konden u niet inloggen",
        text: "Probeer het over een minuut opnieuw. Neem contact op met support als het weer gebeurt.",
    },
};

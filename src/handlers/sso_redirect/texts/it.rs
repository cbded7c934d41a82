//! Italian.

use super::{Notice, Texts};

pub(super) static TEXTS: Texts = Texts {
    language: "it",
    locale_ids: &[22],
    continue_button: "Continua",
    try_again: "Riprova",
    go_to_login: "Vai alla pagina di accesso",
    contact_support: "Contatta l’assistenza",
    reference: "Riferimento",
    for_administrators: "Informazioni per gli amministratori",
    signing_in: "Accesso in corso…",
    one_moment: "Un momento, per favore.",
    to_help_center: "La stiamo reindirizzando al centro assistenza.",
    to_agent_workspace: "La stiamo reindirizzando allo spazio di lavoro agente.",
    reload_hint: "Se il pulsante non risponde più, ricarichi questa pagina.",
    sign_in_loop: Notice {
        title: "L’accesso non è ancora completato",
        text: "Questa pagina si è aperta più volte in un minuto. Può riprovare oppure attendere prima un minuto.",
    },
    signed_out: Notice { title: "Disconnessione effettuata", text: "Può chiudere questa pagina." },
    not_signed_in: Notice {
        title: "Effettui prima l’accesso",
        text: "Acceda al Suo account e poi torni a questa pagina.",
    },
    refused: Notice {
        title: "Accesso non riuscito",
        text: "Vada alla pagina di accesso e riprovi, eventualmente con un altro account.",
    },
    unavailable: Notice { title: "L’accesso al momento non è disponibile", text: "Riprovi tra qualche istante." },
    invalid_request: Notice {
        title: "Impossibile aprire questa pagina",
        text: "Torni alla pagina precedente e ricominci.",
    },
    address_not_allowed: Notice {
        title: "Questo indirizzo e-mail non è accettato",
        text: "Usi un altro account oppure chieda all’assistenza di autorizzare il Suo indirizzo e-mail.",
    },
    account_not_set_up: Notice {
        title: "Impossibile configurare il Suo account",
        text: "Chieda all’assistenza di controllare il Suo nome e il Suo indirizzo e-mail.",
    },
    used_already: Notice { title: "Questo accesso è già stato usato", text: "Riprovi e faccia clic una sola volta." },
    took_too_long: Notice { title: "Questo accesso ha richiesto troppo tempo", text: "Riprovi." },
    too_many: Notice { title: "Troppi accessi in poco tempo", text: "Attenda un minuto e poi riprovi." },
    not_accepted: Notice {
        title: "Accesso non riuscito",
        text: "Riprovi tra un minuto. Se il problema si ripete, contatti l’assistenza.",
    },
};

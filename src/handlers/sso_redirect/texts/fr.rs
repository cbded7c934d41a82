//! French.

use super::{Notice, Texts};

pub(super) static TEXTS: Texts = Texts {
    language: "fr",
    locale_ids: &[16, 1187, 1291, 1292, 1302],
    continue_button: "Continuer",
    try_again: "Réessayer",
    go_to_login: "Aller à la page de connexion",
    contact_support: "Contacter l’assistance",
    reference: "Référence",
    for_administrators: "Informations pour les administrateurs",
    signing_in: "Connexion en cours…",
    one_moment: "Un instant, s’il vous plaît.",
    to_help_center: "Redirection vers le centre d’aide…",
    to_agent_workspace: "Redirection vers l’espace de travail d’agent…",
    reload_hint: "Si le bouton ne répond plus, actualisez cette page.",
    sign_in_loop: Notice {
        title: "La connexion n’est pas encore terminée",
        text: "Cette page s’est ouverte plusieurs fois en une minute. Vous pouvez réessayer, ou d’abord attendre une minute.",
    },
    signed_out: Notice { title: "Déconnexion effectuée", text: "Vous pouvez fermer cette page." },
    not_signed_in: Notice {
        title: "Veuillez d’abord vous connecter",
        text: "Connectez-vous à votre compte, puis revenez à cette page.",
    },
    refused: Notice {
        title: "Nous n’avons pas pu vous connecter",
        text: "Veuillez aller à la page de connexion et réessayer, éventuellement avec un autre compte.",
    },
    unavailable: Notice {
        title: "La connexion n’est pas disponible pour le moment",
        text: "Veuillez réessayer dans un instant.",
    },
    invalid_request: Notice {
        title: "Cette page ne peut pas être ouverte",
        text: "Veuillez revenir à la page précédente et recommencer.",
    },
    address_not_allowed: Notice {
        title: "Cette adresse e-mail n’est pas acceptée",
        text: "Veuillez utiliser un autre compte, ou demander à l’assistance d’autoriser votre adresse e-mail.",
    },
    account_not_set_up: Notice {
        title: "Votre compte n’a pas pu être configuré",
        text: "Veuillez demander à l’assistance de vérifier votre nom et votre adresse e-mail.",
    },
    used_already: Notice {
        title: "Cette connexion a déjà été utilisée",
        text: "Veuillez réessayer en ne cliquant qu’une seule fois.",
    },
    took_too_long: Notice { title: "Cette connexion a pris trop de temps", text: "Veuillez réessayer." },
    too_many: Notice {
        title: "Trop de connexions en peu de temps",
        text: "Veuillez attendre une minute, puis réessayer.",
    },
    not_accepted: Notice {
        title: "Nous n’avons pas pu vous connecter",
        text: "Veuillez réessayer dans une minute. Si le problème persiste, veuillez contacter l’assistance.",
    },
};

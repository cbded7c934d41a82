//! Spanish.

use super::{Notice, Texts};

pub(super) static TEXTS: Texts = Texts {
    language: "es",
    locale_ids: &[2, 1186, 1194, 1282, 1283, 1284, 1285, 1286, 1296],
    continue_button: "Continuar",
    try_again: "Reintentar",
    go_to_login: "Ir a la página de inicio de sesión",
    contact_support: "Contactar con soporte",
    reference: "Referencia",
    for_administrators: "Información para administradores",
    signing_in: "Iniciando sesión…",
    one_moment: "Un momento, por favor.",
    to_help_center: "Le estamos llevando al centro de ayuda.",
    to_agent_workspace: "Le estamos llevando al espacio de trabajo de agente.",
    reload_hint: "Si el botón deja de responder, vuelva a cargar esta página.",
    sign_in_loop: Notice {
        title: "Aún no ha iniciado sesión",
        text: "Ha vuelto aquí varias veces en un minuto. Puede intentarlo de nuevo o esperar antes un minuto.",
    },
    signed_out: Notice { title: "Ha cerrado la sesión", text: "Puede cerrar esta página." },
    not_signed_in: Notice {
        title: "Primero inicie sesión",
        text: "Inicie sesión en su cuenta y después vuelva a esta página.",
    },
    refused: Notice {
        title: "No hemos podido iniciar su sesión",
        text: "Vaya a la página de inicio de sesión e inténtelo de nuevo, quizá con otra cuenta.",
    },
    unavailable: Notice {
        title: "El inicio de sesión no está disponible en este momento",
        text: "Inténtelo de nuevo en unos instantes.",
    },
    invalid_request: Notice {
        title: "Esta página no se puede abrir",
        text: "Vuelva a la página anterior y empiece de nuevo.",
    },
    address_not_allowed: Notice {
        title: "Esta dirección de correo electrónico no se acepta",
        text: "Use otra cuenta o pida a soporte que autorice su dirección de correo electrónico.",
    },
    account_not_set_up: Notice {
        title: "No se ha podido configurar su cuenta",
        text: "Pida a soporte que compruebe su nombre y su dirección de correo electrónico.",
    },
    used_already: Notice {
        title: "Este inicio de sesión ya se ha usado",
        text: "Inténtelo de nuevo y haga clic una sola vez.",
    },
    took_too_long: Notice { title: "Este inicio de sesión ha tardado demasiado", text: "Inténtelo de nuevo." },
    too_many: Notice {
        title: "Demasiados inicios de sesión en poco tiempo",
        text: "Espere un minuto y después inténtelo de nuevo.",
    },
    not_accepted: Notice {
        title: "No hemos podido iniciar su sesión",
        text: "Inténtelo de nuevo en un minuto. Si vuelve a ocurrir, póngase en contacto con soporte.",
    },
};

//! Brazilian Portuguese.

use super::{Notice, Texts};

pub(super) static TEXTS: Texts = Texts {
    language: "pt-BR",
    locale_ids: &[19, 1011],
    continue_button: "Continuar",
    try_again: "Tentar novamente",
    go_to_login: "Ir para a página de login",
    contact_support: "Falar com o suporte",
    reference: "Referência",
    for_administrators: "Informações para administradores",
    signing_in: "Entrando…",
    one_moment: "Um momento, por favor.",
    to_help_center: "Você está sendo direcionado à central de ajuda.",
    to_agent_workspace: "Você está sendo direcionado ao espaço de trabalho do agente.",
    reload_hint: "Se o botão não responder mais, recarregue esta página.",
    sign_in_loop: Notice {
        title: "Seu login ainda não foi concluído",
        text: "Você voltou para cá várias vezes em um minuto. Você pode tentar novamente ou esperar um minuto antes.",
    },
    signed_out: Notice { title: "Você saiu da sua conta", text: "Você pode fechar esta página." },
    not_signed_in: Notice {
        title: "Faça login primeiro",
        text: "Faça login na sua conta e depois volte a esta página.",
    },
    refused: Notice {
        title: "Não foi possível fazer seu login",
        text: "Vá para a página de login e tente novamente, talvez com outra conta.",
    },
    unavailable: Notice {
        title: "O login não está disponível no momento",
        text: "Tente novamente em alguns instantes.",
    },
    invalid_request: Notice {
        title: "Não é possível abrir esta página",
        text: "Volte à página anterior e comece novamente.",
    },
    address_not_allowed: Notice {
        title: "Este endereço de e-mail não é aceito",
        text: "Use outra conta ou peça ao suporte para permitir seu endereço de e-mail.",
    },
    account_not_set_up: Notice {
        title: "Não foi possível configurar sua conta",
        text: "Peça ao suporte para verificar seu nome e seu endereço de e-mail.",
    },
    used_already: Notice { title: "Este login já foi usado", text: "Tente novamente e clique apenas uma vez." },
    took_too_long: Notice { title: "Este login demorou demais", text: "Tente novamente." },
    too_many: Notice { title: "Muitos logins em pouco tempo", text: "Espere um minuto e depois tente novamente." },
    not_accepted: Notice {
        title: "Não foi possível fazer seu login",
        text: "Tente novamente em um minuto. Se acontecer de novo, fale com o suporte.",
    },
};

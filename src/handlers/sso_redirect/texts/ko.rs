//! Korean.

use super::{Notice, Texts};

pub(super) static TEXTS: Texts = Texts {
    language: "ko",
    locale_ids: &[69],
    continue_button: "계속",
    try_again: "다시 시도",
    go_to_login: "로그인 페이지로 이동",
    contact_support: "고객 지원에 문의",
    reference: "참조 번호",
    for_administrators: "관리자용 정보",
    signing_in: "로그인하는 중…",
    one_moment: "잠시만 기다려 주세요.",
    to_help_center: "헬프 센터로 이동하고 있습니다.",
    to_agent_workspace: "상담원 워크스페이스로 이동하고 있습니다.",
    reload_hint: "버튼이 작동하지 않으면 이 페이지를 새로 고침해 주세요.",
    sign_in_loop: Notice {
        title: "아직 로그인되지 않았습니다",
        text: "1분 안에 여러 번 이 페이지로 돌아왔습니다. 다시 시도하거나 1분 정도 기다린 후 시도해 주세요.",
    },
    signed_out: Notice { title: "로그아웃되었습니다", text: "이 페이지를 닫으셔도 됩니다." },
    not_signed_in: Notice {
        title: "먼저 로그인해 주세요", text: "계정에 로그인한 다음 이 페이지로 돌아와 주세요."
    },
    refused: Notice {
        title: "로그인하지 못했습니다",
        text: "로그인 페이지에서 다시 시도해 주세요. 다른 계정이 필요할 수 있습니다.",
    },
    unavailable: Notice {
        title: "지금은 로그인할 수 없습니다", text: "잠시 후 다시 시도해 주세요."
    },
    invalid_request: Notice {
        title: "이 페이지를 열 수 없습니다",
        text: "이전 페이지로 돌아가 처음부터 다시 시도해 주세요.",
    },
    address_not_allowed: Notice {
        title: "이 이메일 주소는 사용할 수 없습니다",
        text: "다른 계정을 사용하거나 고객 지원에 이메일 주소 허용을 요청해 주세요.",
    },
    account_not_set_up: Notice {
        title: "계정을 설정하지 못했습니다",
        text: "고객 지원에 이름과 이메일 주소 확인을 요청해 주세요.",
    },
    used_already: Notice {
        title: "이미 사용된 로그인입니다", text: "다시 시도해 주세요. 한 번만 클릭해 주세요."
    },
    took_too_long: Notice {
        title: "로그인 시간이 너무 오래 걸렸습니다", text: "다시 시도해 주세요."
    },
    too_many: Notice {
        title: "짧은 시간에 로그인이 너무 많았습니다", text: "1분 정도 기다린 후 다시 시도해 주세요."
    },
    not_accepted: Notice {
        title: "로그인하지 못했습니다",
        text: "1분 후 다시 시도해 주세요. 문제가 계속되면 고객 지원에 문의해 주세요.",
    },
};

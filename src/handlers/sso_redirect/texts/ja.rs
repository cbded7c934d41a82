//! Japanese.

use super::{Notice, Texts};

pub(super) static TEXTS: Texts = Texts {
    language: "ja",
    locale_ids: &[67],
    continue_button: "続行",
    try_again: "もう一度試す",
    go_to_login: "ログインページへ",
    contact_support: "サポートに問い合わせる",
    reference: "参照番号",
    for_administrators: "管理者向け情報",
    signing_in: "サインインしています…",
    one_moment: "しばらくお待ちください。",
    to_help_center: "ヘルプセンターに移動しています。",
    to_agent_workspace: "エージェントワークスペースに移動しています。",
    reload_hint: "ボタンが反応しない場合は、このページを再読み込みしてください。",
    sign_in_loop: Notice {
        title: "サインインがまだ完了していません",
        text: "1分間に何度もこのページに戻されました。もう一度試すか、1分ほど待ってからお試しください。",
    },
    signed_out: Notice {
        title: "サインアウトしました", text: "このページを閉じることができます。"
    },
    not_signed_in: Notice {
        title: "先にサインインしてください",
        text: "アカウントにサインインしてから、このページに戻ってください。",
    },
    refused: Notice {
        title: "サインインできませんでした",
        text: "ログインページでもう一度お試しください。別のアカウントが必要な場合があります。",
    },
    unavailable: Notice {
        title: "現在サインインをご利用いただけません",
        text: "しばらくしてから、もう一度お試しください。",
    },
    invalid_request: Notice {
        title: "このページを開けません", text: "前のページに戻り、最初からやり直してください。"
    },
    address_not_allowed: Notice {
        title: "このメールアドレスは使用できません",
        text: "別のアカウントを使用するか、メールアドレスの許可をサポートにご依頼ください。",
    },
    account_not_set_up: Notice {
        title: "アカウントを設定できませんでした",
        text: "お名前とメールアドレスの確認をサポートにご依頼ください。",
    },
    used_already: Notice {
        title: "このサインインはすでに使用されています",
        text: "もう一度お試しください。クリックは1回だけにしてください。",
    },
    took_too_long: Notice {
        title: "サインインに時間がかかりすぎました", text: "もう一度お試しください。"
    },
    too_many: Notice {
        title: "短時間に何度もサインインが行われました",
        text: "1分ほど待ってから、もう一度お試しください。",
    },
    not_accepted: Notice {
        title: "サインインできませんでした",
        text: "1分ほど待ってから、もう一度お試しください。それでも解決しない場合は、サポートにお問い合わせください。",
    },
};

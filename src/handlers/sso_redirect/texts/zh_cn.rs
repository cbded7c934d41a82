//! Simplified Chinese.

use super::{Notice, Texts};

pub(super) static TEXTS: Texts = Texts {
    language: "zh-CN",
    locale_ids: &[10],
    continue_button: "继续",
    try_again: "重试",
    go_to_login: "前往登录页面",
    contact_support: "联系支持人员",
    reference: "参考编号",
    for_administrators: "管理员信息",
    signing_in: "正在登录…",
    one_moment: "请稍候。",
    to_help_center: "正在前往帮助中心。",
    to_agent_workspace: "正在前往客服专员工作区。",
    reload_hint: "如果按钮没有反应，请重新加载此页面。",
    sign_in_loop: Notice {
        title: "您尚未登录", text: "您在一分钟内多次返回此页面。您可以重试，也可以先等待一分钟。"
    },
    signed_out: Notice { title: "您已退出登录", text: "您可以关闭此页面。" },
    not_signed_in: Notice { title: "请先登录", text: "请登录您的帐户，然后返回此页面。" },
    refused: Notice { title: "无法登录", text: "请前往登录页面重试，您也可以使用其他帐户。" },
    unavailable: Notice { title: "目前无法登录", text: "请稍后重试。" },
    invalid_request: Notice { title: "无法打开此页面", text: "请返回上一页，然后重新开始。" },
    address_not_allowed: Notice {
        title: "不接受此电子邮箱地址",
        text: "请使用其他帐户，或请支持人员允许您的电子邮箱地址。",
    },
    account_not_set_up: Notice {
        title: "无法设置您的帐户", text: "请联系支持人员检查您的姓名和电子邮箱地址。"
    },
    used_already: Notice { title: "此次登录已被使用", text: "请重试，并且只点击一次。" },
    took_too_long: Notice { title: "登录用时过长", text: "请重试。" },
    too_many: Notice { title: "短时间内登录次数过多", text: "请等待一分钟，然后重试。" },
    not_accepted: Notice {
        title: "无法登录", text: "请在一分钟后重试。如果问题再次出现，请联系支持人员。"
    },
};

# Made by package/terraform from template.yaml.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

variable "name" {
  description = "Begins the name of every resource."
  type        = string
  default     = "zendesk-jwt"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}$", var.name))
    error_message = "name must be up to 31 lower-case letters, digits and hyphens."
  }
}

variable "zendesk_subdomain" {
  description = "The \"acme\" of acme.zendesk.com. Single sign-on posts the JWT to this host."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.zendesk_subdomain))
    error_message = "zendesk_subdomain must be the subdomain alone, in lower case, as in \"acme\" for acme.zendesk.com."
  }
}

variable "return_to_hosts" {
  description = "Further hosts that a user may return to after sign-in: your other brands and host-mapped Help Centers. Separated by commas, as in \"acme-labs.zendesk.com,help.acme.com\". Empty allows your Zendesk subdomain only."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9-]+(\\.[a-z0-9-]+)+(,[a-z0-9-]+(\\.[a-z0-9-]+)+)*)?$", var.return_to_hosts))
    error_message = "return_to_hosts must be host names in lower case, separated by commas, without https://, port, path or spaces."
  }
}

variable "sdk_allowed_cidrs" {
  description = "Networks that may call /sdk/jwt, separated by commas, as in \"203.0.113.0/24,2001:db8::/32\". Everybody else is refused. Zendesk lists its networks at https://SUBDOMAIN.zendesk.com/ips, under egress. Read \"Only Zendesk's servers\" in docs/support-sdk.md first. Empty allows everybody."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([0-9a-fA-F.:]+(/[0-9]{1,3})?(,[0-9a-fA-F.:]+(/[0-9]{1,3})?)*)?$", var.sdk_allowed_cidrs))
    error_message = "sdk_allowed_cidrs must be networks such as 203.0.113.0/24 or addresses, separated by commas without spaces."
  }
}

variable "configurations" {
  description = "Further apps and SSO configurations by name, as JSON: {\"ios\":{},\"legacy\":{\"login_url\":\"https://www.acme.com/login\"}}. Read docs/configurations.md first. Empty has none."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(\\s*\\{[\\s\\S]*\\}\\s*)?$", var.configurations)) && length(var.configurations) <= 2048
    error_message = "configurations must be a JSON object of at most 2048 characters, or empty."
  }
}

variable "existing_user_tokens_table" {
  description = "Table of another stack in this account and Region, its output UserTokensTableName, for a second stack with the same user tokens. Empty creates a table."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([A-Za-z0-9_.-]{3,255})?$", var.existing_user_tokens_table))
    error_message = "existing_user_tokens_table must be the name of a table, or empty."
  }
}

variable "user_tokens_writer_principal" {
  description = "ARN of a role in another account, as in \"arn:aws:iam::123456789012:role/backend\", which may write user tokens too. The role needs the same permissions in its own account. Empty allows no other account."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(arn:[a-z-]+:iam::[0-9]{12}:(role|user)/[A-Za-z0-9+=,.@_/-]+)?$", var.user_tokens_writer_principal))
    error_message = "user_tokens_writer_principal must be the ARN of a role or user, or empty."
  }
}

variable "login_url" {
  description = "Your sign-in page. Single sign-on sends visitors without a session there. It may hold {brand_id} and {configuration} in path or query. Empty shows them a page that says they are not signed in."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(https://[A-Za-z0-9._-]+(:[0-9]{1,5})?([/?][^\\s#\\\\]*)?)?$", var.login_url))
    error_message = "login_url must be an https:// URL without user name, password and fragment, or empty."
  }
}

variable "post_logout_url" {
  description = "Your page for users who have signed out of Zendesk. Empty shows them a plain page."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(https://[A-Za-z0-9._-]+(:[0-9]{1,5})?([/?][^\\s#\\\\]*)?)?$", var.post_logout_url))
    error_message = "post_logout_url must be an https:// URL without user name, password and fragment, or empty."
  }
}

variable "allowed_origins" {
  description = "Origins of your pages that may fetch messaging JWTs and post the sign-in form. Separated by commas, as in \"https://www.acme.com,https://shop.acme.com\". Empty allows no other origin."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^((https://[a-z0-9.-]+|http://localhost)(:[0-9]{1,5})?(,(https://[a-z0-9.-]+|http://localhost)(:[0-9]{1,5})?)*)?$", var.allowed_origins))
    error_message = "allowed_origins must be exact https:// origins (or http://localhost) without path, wildcard or spaces, separated by commas."
  }
}

variable "session_cookie" {
  description = "Name of the cookie that holds the user token itself. Messaging and single sign-on read it. Your site and this service need a common domain. Empty reads no cookie."
  type        = string
  default     = "session"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]*$", var.session_cookie))
    error_message = "session_cookie must be letters, digits, dots, hyphens and underscores."
  }
}

variable "identity_providers" {
  description = "Identity providers whose ID tokens are accepted as user tokens, as a JSON list: [{\"issuer\":\"https://acme.eu.auth0.com/\",\"audience\":\"CLIENT-ID\"}]. Read docs/identity-provider.md first. Empty accepts opaque user tokens only."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(\\[\\s*\\{[\\s\\S]*\\}\\s*\\])?$", var.identity_providers))
    error_message = "identity_providers must be a JSON list of objects with issuer and audience, or empty."
  }
}

variable "end_session_on_logout" {
  description = "Whether signing out of Zendesk also removes the cookie SessionCookie, so that it signs the user out of your site."
  type        = string
  default     = "true"
  nullable    = false

  validation {
    condition     = contains(["true", "false"], var.end_session_on_logout)
    error_message = "end_session_on_logout must be one of true, false."
  }
}

variable "require_custom_role" {
  description = "Whether SSO refuses an agent without a custom role. Custom roles exist on Enterprise plans only. There, Zendesk gives such an agent almost all rights of an administrator. Set \"true\" on these plans."
  type        = string
  default     = "false"
  nullable    = false

  validation {
    condition     = contains(["true", "false"], var.require_custom_role)
    error_message = "require_custom_role must be one of true, false."
  }
}

variable "brand_name" {
  description = "Your company's name on the pages of single sign-on, up to 60 characters. Empty names nobody."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^[^\\x00-\\x1F\\x7F]{0,60}$", var.brand_name))
    error_message = "brand_name must be at most 60 characters without line breaks."
  }
}

variable "brand_logo_url" {
  description = "Your logo, as in \"https://www.acme.com/logo.svg\". Browsers load nothing else from there. In dark mode the logo stands on white."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(https://[A-Za-z0-9._-]+(:[0-9]{1,5})?([/?][^\\s#\\\\]*)?)?$", var.brand_logo_url))
    error_message = "brand_logo_url must be an https:// URL without user name, password and fragment, or empty."
  }
}

variable "brand_color" {
  description = "Color of the buttons, as in \"#17494d\". Their text becomes white or black, whichever is readable."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(#[0-9A-Fa-f]{6})?$", var.brand_color))
    error_message = "brand_color must be # and six hex digits, or empty."
  }
}

variable "support_url" {
  description = "Where \"Contact support\" leads, as in \"https://www.acme.com/contact\" or \"mailto:help@acme.com\". Empty shows no link."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(https://[A-Za-z0-9._-]+(:[0-9]{1,5})?([/?][^\\s#\\\\]*)?|mailto:[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+)?$", var.support_url))
    error_message = "support_url must be an https:// URL without user name, password and fragment, or mailto: and one e-mail address, or empty."
  }
}

variable "domain_name" {
  description = "Your own domain for this service, as in \"zendesk-auth.acme.com\". The API then answers only there. Empty uses API Gateway's address."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+)?$", var.domain_name))
    error_message = "domain_name must be a host name in lower case, without https://, port or path, or empty."
  }

  validation {
    condition     = !(var.domain_name != "") || var.certificate_arn != ""
    error_message = "DomainName needs the CertificateArn of its certificate."
  }
}

variable "certificate_arn" {
  description = "ARN of the domain's certificate in AWS Certificate Manager, in the stack's own Region."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(arn:[a-z-]+:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+)?$", var.certificate_arn))
    error_message = "certificate_arn must be the ARN of a certificate in AWS Certificate Manager, or empty."
  }
}

variable "hosted_zone_id" {
  description = "Hosted zone in Route 53 for the domain's records, as in \"Z0123456789ABCDEFGHIJ\". If empty, point the domain to the output DomainTarget yourself."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([A-Z0-9]{1,32})?$", var.hosted_zone_id))
    error_message = "hosted_zone_id must be the id of a hosted zone without /hostedzone/, or empty."
  }

  validation {
    condition     = !(var.hosted_zone_id != "") || var.domain_name != ""
    error_message = "HostedZoneId needs a DomainName."
  }
}

variable "public_url" {
  description = "Address of this service for browsers, if a proxy such as CloudFront is in front, as in \"https://www.acme.com/zendesk\". Empty means the domain name above or API Gateway's address."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(https://[a-z0-9.-]+(:[0-9]{1,5})?(/[^/?#\\s]+)*)?$", var.public_url))
    error_message = "public_url must be an https:// URL without a trailing slash, query or fragment, or empty."
  }
}

variable "messaging_token_ttl" {
  description = "Seconds that a messaging JWT is valid. Then the widget fetches a new one."
  type        = number
  default     = 300
  nullable    = false

  validation {
    condition     = var.messaging_token_ttl >= 60 && var.messaging_token_ttl <= 86400
    error_message = "messaging_token_ttl must be 60 to 86400 seconds."
  }
}

variable "signing_key_max_age" {
  description = "Seconds after which a function reads its secret again. A reset in Admin Center invalidates the old secret at once, so use a small number."
  type        = number
  default     = 300
  nullable    = false

  validation {
    condition     = var.signing_key_max_age >= 1 && var.signing_key_max_age <= 86400
    error_message = "signing_key_max_age must be 1 to 86400 seconds."
  }
}

variable "sdk_throttling" {
  description = "Limit of requests to /sdk/jwt per second, and in a burst, as in \"100,200\". Zendesk's servers call it for every user who opens support in your app. Requests over the limit get 429."
  type        = string
  default     = "100,200"
  nullable    = false

  validation {
    condition     = can(regex("^[1-9][0-9]{0,3},[1-9][0-9]{0,3}$", var.sdk_throttling))
    error_message = "sdk_throttling must be two numbers from 1 to 9999 with a comma between them, as in \"100,200\"."
  }
}

variable "messaging_throttling" {
  description = "Limit of requests to /messaging/jwt per second, and in a burst, as in \"100,200\". Each open page fetches a JWT when the last one expires. Requests over the limit get 429."
  type        = string
  default     = "100,200"
  nullable    = false

  validation {
    condition     = can(regex("^[1-9][0-9]{0,3},[1-9][0-9]{0,3}$", var.messaging_throttling))
    error_message = "messaging_throttling must be two numbers from 1 to 9999 with a comma between them, as in \"100,200\"."
  }
}

variable "sso_throttling" {
  description = "Limit of requests to each of /sso/login and /sso/logout per second, and in a burst, as in \"50,100\". A sign-in is at most one of each. Requests over the limit get 429."
  type        = string
  default     = "50,100"
  nullable    = false

  validation {
    condition     = can(regex("^[1-9][0-9]{0,3},[1-9][0-9]{0,3}$", var.sso_throttling))
    error_message = "sso_throttling must be two numbers from 1 to 9999 with a comma between them, as in \"50,100\"."
  }
}

variable "architecture" {
  description = "Processor that the functions were built for. arm64 costs a fifth less; build it with cargo-lambda."
  type        = string
  default     = "x86_64"
  nullable    = false

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture must be one of x86_64, arm64."
  }
}

variable "memory_size" {
  description = "Memory of each function. Lambda gives CPU in proportion, and TLS handshakes need CPU."
  type        = number
  default     = 256
  nullable    = false

  validation {
    condition     = var.memory_size >= 128 && var.memory_size <= 10240
    error_message = "memory_size must be 128 to 10240 MB."
  }
}

variable "function_timeout" {
  description = "Seconds after which Lambda ends a request. A function itself answers 503 after 2.5 seconds."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.function_timeout >= 3 && var.function_timeout <= 29
    error_message = "function_timeout must be 3 to 29 seconds, since the API waits for 30."
  }
}

variable "reserved_concurrency" {
  description = "Concurrent requests that the account reserves for each function, which are also its limit. 0 reserves none and sets no limit."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.reserved_concurrency >= 0 && var.reserved_concurrency <= 1000
    error_message = "reserved_concurrency must be 0 to 1000."
  }
}

variable "tracing" {
  description = "Active records a trace for one request per second, and for one in twenty of the others."
  type        = string
  default     = "PassThrough"
  nullable    = false

  validation {
    condition     = contains(["PassThrough", "Active"], var.tracing)
    error_message = "tracing must be one of PassThrough, Active."
  }
}

variable "monitoring" {
  description = "Monitoring at a fixed price per month, whatever the traffic: full has a dashboard, alarms has none, and none has neither alarms nor metrics. Without alarms, a bad version is not brought back by itself."
  type        = string
  default     = "full"
  nullable    = false

  validation {
    condition     = contains(["full", "alarms", "none"], var.monitoring)
    error_message = "monitoring must be one of full, alarms, none."
  }
}

variable "alarm_email" {
  description = "Address for alarms. AWS first sends a mail to confirm it. Empty sends no mail."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([^@\\s,]+@[^@\\s,]+\\.[^@\\s,]+)?$", var.alarm_email))
    error_message = "alarm_email must be one e-mail address, or empty."
  }
}

variable "alarm_topic_arn" {
  description = "Your SNS topic for alarms. Empty creates one, which the output AlarmTopic names."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+)?$", var.alarm_topic_arn))
    error_message = "alarm_topic_arn must be the ARN of an SNS topic, or empty."
  }
}

variable "signing_key_age_alarm" {
  description = "An alarm goes off if a function signs with a key that it read more than so many seconds ago. Use more than twice SigningKeyMaxAge, since only a request makes a function read its key."
  type        = number
  default     = 3600
  nullable    = false

  validation {
    condition     = var.signing_key_age_alarm >= 60
    error_message = "signing_key_age_alarm must be at least 60 seconds."
  }
}

variable "log_level" {
  description = "Level of the functions' logs. No level shows a token, a secret or a person."
  type        = string
  default     = "info"
  nullable    = false

  validation {
    condition     = contains(["error", "warn", "info", "debug", "trace"], var.log_level)
    error_message = "log_level must be one of error, warn, info, debug, trace."
  }
}

variable "log_retention_in_days" {
  description = "Days that CloudWatch keeps the logs of the functions and of the API."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_in_days)
    error_message = "log_retention_in_days must be one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653."
  }
}

locals {
  has_allowed_origins      = var.allowed_origins != ""
  has_domain_name          = var.domain_name != ""
  has_existing_table       = var.existing_user_tokens_table != ""
  needs_table              = !local.has_existing_table
  has_writer_principal     = var.user_tokens_writer_principal != ""
  has_hosted_zone          = local.has_domain_name && var.hosted_zone_id != ""
  has_public_url           = var.public_url != ""
  has_reserved_concurrency = var.reserved_concurrency != 0
  is_monitored             = var.monitoring != "none"
  has_dashboard            = var.monitoring == "full"
  has_alarm_email          = local.is_monitored && var.alarm_email != ""
  has_alarm_topic_arn      = var.alarm_topic_arn != ""
  needs_alarm_topic        = local.is_monitored && !local.has_alarm_topic_arn
  is_traced                = var.tracing == "Active"
}

resource "aws_apigatewayv2_api" "http_api" {
  name                         = var.name
  protocol_type                = "HTTP"
  disable_execute_api_endpoint = local.has_domain_name

  dynamic "cors_configuration" {
    for_each = local.has_allowed_origins ? [true] : []

    content {
      allow_origins     = split(",", var.allowed_origins)
      allow_credentials = true
      allow_methods     = ["POST"]
      allow_headers     = ["authorization", "content-type"]
      expose_headers    = ["retry-after"]
      max_age           = 600
    }
  }
}

resource "aws_apigatewayv2_stage" "http_api" {
  api_id      = aws_apigatewayv2_api.http_api.id
  name        = "$default"
  auto_deploy = true

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.http_api_log_group.arn
    format          = "{\"requestId\":\"$context.requestId\",\"time\":\"$context.requestTime\",\"route\":\"$context.routeKey\",\"status\":\"$context.status\",\"latency\":\"$context.responseLatency\",\"functionLatency\":\"$context.integrationLatency\",\"error\":\"$context.error.message\",\"functionError\":\"$context.integrationErrorMessage\"}"
  }

  default_route_settings {
    throttling_burst_limit = 20
    throttling_rate_limit  = 10
  }

  route_settings {
    route_key              = "POST /sdk/jwt"
    throttling_burst_limit = split(",", var.sdk_throttling)[1]
    throttling_rate_limit  = split(",", var.sdk_throttling)[0]
  }

  route_settings {
    route_key              = "POST /sdk/{configuration}/jwt"
    throttling_burst_limit = split(",", var.sdk_throttling)[1]
    throttling_rate_limit  = split(",", var.sdk_throttling)[0]
  }

  route_settings {
    route_key              = "POST /messaging/jwt"
    throttling_burst_limit = split(",", var.messaging_throttling)[1]
    throttling_rate_limit  = split(",", var.messaging_throttling)[0]
  }

  route_settings {
    route_key              = "POST /messaging/{configuration}/jwt"
    throttling_burst_limit = split(",", var.messaging_throttling)[1]
    throttling_rate_limit  = split(",", var.messaging_throttling)[0]
  }

  route_settings {
    route_key              = "GET /messaging/jwt"
    throttling_burst_limit = split(",", var.messaging_throttling)[1]
    throttling_rate_limit  = split(",", var.messaging_throttling)[0]
  }

  route_settings {
    route_key              = "GET /messaging/{configuration}/jwt"
    throttling_burst_limit = split(",", var.messaging_throttling)[1]
    throttling_rate_limit  = split(",", var.messaging_throttling)[0]
  }

  route_settings {
    route_key              = "GET /sso/login"
    throttling_burst_limit = split(",", var.sso_throttling)[1]
    throttling_rate_limit  = split(",", var.sso_throttling)[0]
  }

  route_settings {
    route_key              = "GET /sso/{configuration}/login"
    throttling_burst_limit = split(",", var.sso_throttling)[1]
    throttling_rate_limit  = split(",", var.sso_throttling)[0]
  }

  route_settings {
    route_key              = "POST /sso/login"
    throttling_burst_limit = split(",", var.sso_throttling)[1]
    throttling_rate_limit  = split(",", var.sso_throttling)[0]
  }

  route_settings {
    route_key              = "POST /sso/{configuration}/login"
    throttling_burst_limit = split(",", var.sso_throttling)[1]
    throttling_rate_limit  = split(",", var.sso_throttling)[0]
  }

  route_settings {
    route_key              = "GET /sso/logout"
    throttling_burst_limit = split(",", var.sso_throttling)[1]
    throttling_rate_limit  = split(",", var.sso_throttling)[0]
  }

  route_settings {
    route_key              = "GET /sso/{configuration}/logout"
    throttling_burst_limit = split(",", var.sso_throttling)[1]
    throttling_rate_limit  = split(",", var.sso_throttling)[0]
  }

  depends_on = [aws_apigatewayv2_route.messaging_token_function, aws_apigatewayv2_route.sdk_exchange_function, aws_apigatewayv2_route.sso_redirect_function]
}

resource "aws_apigatewayv2_domain_name" "custom_domain" {
  count       = local.has_domain_name ? 1 : 0
  domain_name = var.domain_name

  domain_name_configuration {
    certificate_arn = var.certificate_arn
    endpoint_type   = "REGIONAL"
    ip_address_type = "dualstack"
    security_policy = "TLS_1_2"
  }
}

resource "aws_apigatewayv2_api_mapping" "custom_domain_mapping" {
  count       = local.has_domain_name ? 1 : 0
  api_id      = aws_apigatewayv2_api.http_api.id
  domain_name = aws_apigatewayv2_domain_name.custom_domain[0].domain_name
  stage       = aws_apigatewayv2_stage.http_api.id
}

resource "aws_route53_record" "custom_domain_records" {
  for_each = local.has_hosted_zone ? toset(["A", "AAAA"]) : toset([])
  zone_id  = var.hosted_zone_id
  name     = var.domain_name
  type     = each.value

  alias {
    name                   = aws_apigatewayv2_domain_name.custom_domain[0].domain_name_configuration[0].target_domain_name
    zone_id                = aws_apigatewayv2_domain_name.custom_domain[0].domain_name_configuration[0].hosted_zone_id
    evaluate_target_health = false
  }
}

resource "aws_lambda_function" "sdk_exchange_function" {
  function_name                  = "${var.name}-sdk-exchange"
  filename                       = "${path.module}/../sdk-exchange.zip"
  source_code_hash               = filebase64sha256("${path.module}/../sdk-exchange.zip")
  publish                        = true
  runtime                        = "provided.al2023"
  handler                        = "bootstrap"
  description                    = "Exchanges a user token for a Support SDK JWT. Zendesk's servers call it."
  architectures                  = [var.architecture]
  memory_size                    = var.memory_size
  timeout                        = var.function_timeout
  role                           = aws_iam_role.sdk_exchange_role.arn
  reserved_concurrent_executions = local.has_reserved_concurrency ? var.reserved_concurrency : null

  tracing_config {
    mode = var.tracing
  }

  logging_config {
    log_format            = "JSON"
    application_log_level = "TRACE"
    log_group             = aws_cloudwatch_log_group.sdk_exchange_log_group.name
  }

  environment {
    variables = {
      USER_TOKENS_TABLE     = local.has_existing_table ? var.existing_user_tokens_table : aws_dynamodb_table.user_tokens_table[0].name
      SIGNING_KEY_SECRET_ID = aws_secretsmanager_secret.sdk_signing_key.arn
      SIGNING_KEY_MAX_AGE   = var.signing_key_max_age
      CONFIGURATIONS        = var.configurations
      IDENTITY_PROVIDERS    = var.identity_providers
      SDK_ALLOWED_CIDRS     = var.sdk_allowed_cidrs
      METRICS_NAMESPACE     = local.is_monitored ? "ZendeskJwt/${var.name}" : "none"
      LOG_LEVEL             = var.log_level
    }
  }
}

resource "aws_lambda_alias" "sdk_exchange_function" {
  name             = "live"
  function_name    = aws_lambda_function.sdk_exchange_function.function_name
  function_version = aws_lambda_function.sdk_exchange_function.version
}

resource "aws_lambda_permission" "sdk_exchange_function" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.sdk_exchange_function.function_name
  qualifier     = aws_lambda_alias.sdk_exchange_function.name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.http_api.execution_arn}/*"
}

resource "aws_apigatewayv2_integration" "sdk_exchange_function" {
  api_id                 = aws_apigatewayv2_api.http_api.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_alias.sdk_exchange_function.invoke_arn
  payload_format_version = "2.0"
}

resource "aws_apigatewayv2_route" "sdk_exchange_function" {
  for_each = toset([
    "POST /sdk/jwt",
    "POST /sdk/{configuration}/jwt",
  ])
  api_id    = aws_apigatewayv2_api.http_api.id
  route_key = each.value
  target    = "integrations/${aws_apigatewayv2_integration.sdk_exchange_function.id}"
}

resource "aws_iam_role" "sdk_exchange_role" {
  name_prefix = "${var.name}-"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = "sts:AssumeRole"
        Principal = {
          Service = "lambda.amazonaws.com"
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "sdk_exchange_role" {
  name = "sdk-exchange"
  role = aws_iam_role.sdk_exchange_role.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "LookUpUserToken"
        Effect   = "Allow"
        Action   = "dynamodb:GetItem"
        Resource = local.has_existing_table ? "arn:${data.aws_partition.current.partition}:dynamodb:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:table/${var.existing_user_tokens_table}" : aws_dynamodb_table.user_tokens_table[0].arn
      },
      {
        Sid      = "ReadSigningKey"
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = aws_secretsmanager_secret.sdk_signing_key.arn
      },
      {
        Sid      = "WriteLog"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.sdk_exchange_log_group.arn}:*"
      },
    ]
  })
}

resource "aws_iam_role_policy_attachment" "sdk_exchange_role" {
  count      = local.is_traced ? 1 : 0
  role       = aws_iam_role.sdk_exchange_role.name
  policy_arn = aws_iam_policy.tracing_policy[0].arn
}

resource "aws_lambda_function" "messaging_token_function" {
  function_name                  = "${var.name}-messaging-token"
  filename                       = "${path.module}/../messaging-token.zip"
  source_code_hash               = filebase64sha256("${path.module}/../messaging-token.zip")
  publish                        = true
  runtime                        = "provided.al2023"
  handler                        = "bootstrap"
  description                    = "Signs a messaging JWT for the web widget or a Zendesk SDK. Your site or app calls it."
  architectures                  = [var.architecture]
  memory_size                    = var.memory_size
  timeout                        = var.function_timeout
  role                           = aws_iam_role.messaging_token_role.arn
  reserved_concurrent_executions = local.has_reserved_concurrency ? var.reserved_concurrency : null

  tracing_config {
    mode = var.tracing
  }

  logging_config {
    log_format            = "JSON"
    application_log_level = "TRACE"
    log_group             = aws_cloudwatch_log_group.messaging_token_log_group.name
  }

  environment {
    variables = {
      USER_TOKENS_TABLE     = local.has_existing_table ? var.existing_user_tokens_table : aws_dynamodb_table.user_tokens_table[0].name
      SIGNING_KEY_SECRET_ID = aws_secretsmanager_secret.messaging_signing_key.arn
      SIGNING_KEY_MAX_AGE   = var.signing_key_max_age
      CONFIGURATIONS        = var.configurations
      IDENTITY_PROVIDERS    = var.identity_providers
      MESSAGING_TOKEN_TTL   = var.messaging_token_ttl
      SESSION_COOKIE        = var.session_cookie
      ALLOWED_ORIGINS       = var.allowed_origins
      METRICS_NAMESPACE     = local.is_monitored ? "ZendeskJwt/${var.name}" : "none"
      LOG_LEVEL             = var.log_level
    }
  }
}

resource "aws_lambda_alias" "messaging_token_function" {
  name             = "live"
  function_name    = aws_lambda_function.messaging_token_function.function_name
  function_version = aws_lambda_function.messaging_token_function.version
}

resource "aws_lambda_permission" "messaging_token_function" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.messaging_token_function.function_name
  qualifier     = aws_lambda_alias.messaging_token_function.name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.http_api.execution_arn}/*"
}

resource "aws_apigatewayv2_integration" "messaging_token_function" {
  api_id                 = aws_apigatewayv2_api.http_api.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_alias.messaging_token_function.invoke_arn
  payload_format_version = "2.0"
}

resource "aws_apigatewayv2_route" "messaging_token_function" {
  for_each = toset([
    "POST /messaging/jwt",
    "POST /messaging/{configuration}/jwt",
    "GET /messaging/jwt",
    "GET /messaging/{configuration}/jwt",
  ])
  api_id    = aws_apigatewayv2_api.http_api.id
  route_key = each.value
  target    = "integrations/${aws_apigatewayv2_integration.messaging_token_function.id}"
}

resource "aws_iam_role" "messaging_token_role" {
  name_prefix = "${var.name}-"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = "sts:AssumeRole"
        Principal = {
          Service = "lambda.amazonaws.com"
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "messaging_token_role" {
  name = "messaging-token"
  role = aws_iam_role.messaging_token_role.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "LookUpUserToken"
        Effect   = "Allow"
        Action   = "dynamodb:GetItem"
        Resource = local.has_existing_table ? "arn:${data.aws_partition.current.partition}:dynamodb:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:table/${var.existing_user_tokens_table}" : aws_dynamodb_table.user_tokens_table[0].arn
      },
      {
        Sid      = "ReadSigningKey"
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = aws_secretsmanager_secret.messaging_signing_key.arn
      },
      {
        Sid      = "WriteLog"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.messaging_token_log_group.arn}:*"
      },
    ]
  })
}

resource "aws_iam_role_policy_attachment" "messaging_token_role" {
  count      = local.is_traced ? 1 : 0
  role       = aws_iam_role.messaging_token_role.name
  policy_arn = aws_iam_policy.tracing_policy[0].arn
}

resource "aws_lambda_function" "sso_redirect_function" {
  function_name                  = "${var.name}-sso-redirect"
  filename                       = "${path.module}/../sso-redirect.zip"
  source_code_hash               = filebase64sha256("${path.module}/../sso-redirect.zip")
  publish                        = true
  runtime                        = "provided.al2023"
  handler                        = "bootstrap"
  description                    = "Signs a user in to Zendesk with a single sign-on JWT. The user's browser calls it."
  architectures                  = [var.architecture]
  memory_size                    = var.memory_size
  timeout                        = var.function_timeout
  role                           = aws_iam_role.sso_redirect_role.arn
  reserved_concurrent_executions = local.has_reserved_concurrency ? var.reserved_concurrency : null

  tracing_config {
    mode = var.tracing
  }

  logging_config {
    log_format            = "JSON"
    application_log_level = "TRACE"
    log_group             = aws_cloudwatch_log_group.sso_redirect_log_group.name
  }

  environment {
    variables = {
      USER_TOKENS_TABLE     = local.has_existing_table ? var.existing_user_tokens_table : aws_dynamodb_table.user_tokens_table[0].name
      SIGNING_KEY_SECRET_ID = aws_secretsmanager_secret.sso_signing_key.arn
      SIGNING_KEY_MAX_AGE   = var.signing_key_max_age
      CONFIGURATIONS        = var.configurations
      IDENTITY_PROVIDERS    = var.identity_providers
      ZENDESK_SUBDOMAIN     = var.zendesk_subdomain
      RETURN_TO_HOSTS       = var.return_to_hosts
      LOGIN_URL             = var.login_url
      POST_LOGOUT_URL       = var.post_logout_url
      SESSION_COOKIE        = var.session_cookie
      END_SESSION_ON_LOGOUT = var.end_session_on_logout
      ALLOWED_ORIGINS       = var.allowed_origins
      REQUIRE_CUSTOM_ROLE   = var.require_custom_role
      BRAND_NAME            = var.brand_name
      BRAND_LOGO_URL        = var.brand_logo_url
      BRAND_COLOR           = var.brand_color
      SUPPORT_URL           = var.support_url
      PUBLIC_URL            = local.has_public_url ? var.public_url : (local.has_domain_name ? "https://${var.domain_name}" : "")
      METRICS_NAMESPACE     = local.is_monitored ? "ZendeskJwt/${var.name}" : "none"
      LOG_LEVEL             = var.log_level
    }
  }
}

resource "aws_lambda_alias" "sso_redirect_function" {
  name             = "live"
  function_name    = aws_lambda_function.sso_redirect_function.function_name
  function_version = aws_lambda_function.sso_redirect_function.version
}

resource "aws_lambda_permission" "sso_redirect_function" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.sso_redirect_function.function_name
  qualifier     = aws_lambda_alias.sso_redirect_function.name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.http_api.execution_arn}/*"
}

resource "aws_apigatewayv2_integration" "sso_redirect_function" {
  api_id                 = aws_apigatewayv2_api.http_api.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_alias.sso_redirect_function.invoke_arn
  payload_format_version = "2.0"
}

resource "aws_apigatewayv2_route" "sso_redirect_function" {
  for_each = toset([
    "GET /sso/login",
    "GET /sso/{configuration}/login",
    "POST /sso/login",
    "POST /sso/{configuration}/login",
    "GET /sso/logout",
    "GET /sso/{configuration}/logout",
  ])
  api_id    = aws_apigatewayv2_api.http_api.id
  route_key = each.value
  target    = "integrations/${aws_apigatewayv2_integration.sso_redirect_function.id}"
}

resource "aws_iam_role" "sso_redirect_role" {
  name_prefix = "${var.name}-"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = "sts:AssumeRole"
        Principal = {
          Service = "lambda.amazonaws.com"
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "sso_redirect_role" {
  name = "sso-redirect"
  role = aws_iam_role.sso_redirect_role.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "LookUpUserToken"
        Effect   = "Allow"
        Action   = "dynamodb:GetItem"
        Resource = local.has_existing_table ? "arn:${data.aws_partition.current.partition}:dynamodb:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:table/${var.existing_user_tokens_table}" : aws_dynamodb_table.user_tokens_table[0].arn
      },
      {
        Sid      = "ReadSigningKey"
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = aws_secretsmanager_secret.sso_signing_key.arn
      },
      {
        Sid      = "WriteLog"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.sso_redirect_log_group.arn}:*"
      },
    ]
  })
}

resource "aws_iam_role_policy_attachment" "sso_redirect_role" {
  count      = local.is_traced ? 1 : 0
  role       = aws_iam_role.sso_redirect_role.name
  policy_arn = aws_iam_policy.tracing_policy[0].arn
}

resource "aws_iam_policy" "tracing_policy" {
  count       = local.is_traced ? 1 : 0
  name_prefix = "${var.name}-"
  description = "Allows the functions to record traces."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "RecordTraces"
        Effect   = "Allow"
        Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
        Resource = "*"
      },
    ]
  })
}

resource "aws_sns_topic" "alarm_topic" {
  count        = local.needs_alarm_topic ? 1 : 0
  name_prefix  = "${var.name}-"
  display_name = "${var.name} alarms"
}

resource "aws_sns_topic_subscription" "alarm_email_subscription" {
  count     = local.has_alarm_email ? 1 : 0
  protocol  = "email"
  endpoint  = var.alarm_email
  topic_arn = local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn
}

resource "aws_cloudwatch_metric_alarm" "server_errors_alarm" {
  count               = local.is_monitored ? 1 : 0
  alarm_name          = "${var.name}-ServerErrorsAlarm"
  alarm_description   = "Callers got 5xx answers, from a function or before a function could answer. See docs/operations.md."
  namespace           = "AWS/ApiGateway"
  metric_name         = "5xx"
  statistic           = "Sum"
  period              = 300
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 5
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]
  ok_actions          = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]
  dimensions = {
    ApiId = aws_apigatewayv2_api.http_api.id
  }
}

resource "aws_cloudwatch_metric_alarm" "latency_alarm" {
  count                                 = local.is_monitored ? 1 : 0
  alarm_name                            = "${var.name}-LatencyAlarm"
  alarm_description                     = "One answer in a hundred takes longer than a second. See docs/operations.md."
  namespace                             = "AWS/ApiGateway"
  metric_name                           = "Latency"
  extended_statistic                    = "p99"
  period                                = 300
  comparison_operator                   = "GreaterThanThreshold"
  threshold                             = 1000
  evaluation_periods                    = 3
  treat_missing_data                    = "notBreaching"
  alarm_actions                         = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]
  ok_actions                            = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]
  evaluate_low_sample_count_percentiles = "ignore"
  dimensions = {
    ApiId = aws_apigatewayv2_api.http_api.id
  }
}

resource "aws_cloudwatch_metric_alarm" "function_errors_alarm" {
  count               = local.is_monitored ? 1 : 0
  alarm_name          = "${var.name}-FunctionErrorsAlarm"
  alarm_description   = "A function did not start, crashed or timed out: its settings or code are wrong. See docs/operations.md."
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]
  ok_actions          = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]

  metric_query {
    id          = "sdk"
    return_data = false

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Errors"
      stat        = "Sum"
      period      = 60
      dimensions = {
        FunctionName = aws_lambda_function.sdk_exchange_function.function_name
      }
    }
  }

  metric_query {
    id          = "messaging"
    return_data = false

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Errors"
      stat        = "Sum"
      period      = 60
      dimensions = {
        FunctionName = aws_lambda_function.messaging_token_function.function_name
      }
    }
  }

  metric_query {
    id          = "sso"
    return_data = false

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Errors"
      stat        = "Sum"
      period      = 60
      dimensions = {
        FunctionName = aws_lambda_function.sso_redirect_function.function_name
      }
    }
  }

  metric_query {
    id         = "all"
    label      = "Errors"
    expression = "SUM([sdk, messaging, sso])"
  }
}

resource "aws_cloudwatch_metric_alarm" "function_throttles_alarm" {
  count               = local.is_monitored ? 1 : 0
  alarm_name          = "${var.name}-FunctionThrottlesAlarm"
  alarm_description   = "Lambda had no room to run a function, so its caller got an error. See docs/operations.md."
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]
  ok_actions          = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]

  metric_query {
    id          = "sdk"
    return_data = false

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Throttles"
      stat        = "Sum"
      period      = 300
      dimensions = {
        FunctionName = aws_lambda_function.sdk_exchange_function.function_name
      }
    }
  }

  metric_query {
    id          = "messaging"
    return_data = false

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Throttles"
      stat        = "Sum"
      period      = 300
      dimensions = {
        FunctionName = aws_lambda_function.messaging_token_function.function_name
      }
    }
  }

  metric_query {
    id          = "sso"
    return_data = false

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Throttles"
      stat        = "Sum"
      period      = 300
      dimensions = {
        FunctionName = aws_lambda_function.sso_redirect_function.function_name
      }
    }
  }

  metric_query {
    id         = "all"
    label      = "Throttles"
    expression = "SUM([sdk, messaging, sso])"
  }
}

resource "aws_cloudwatch_metric_alarm" "throttled_requests_alarm" {
  count               = local.is_monitored ? 1 : 0
  alarm_name          = "${var.name}-ThrottledRequestsAlarm"
  alarm_description   = "The API answered requests with 429, because a route exceeded its limit. See docs/operations.md."
  namespace           = "ZendeskJwt/${var.name}"
  metric_name         = "throttled_requests"
  statistic           = "Sum"
  period              = 300
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 10
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]
  ok_actions          = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]
}

resource "aws_cloudwatch_metric_alarm" "user_tokens_unavailable_alarm" {
  count               = local.is_monitored ? 1 : 0
  alarm_name          = "${var.name}-UserTokensUnavailableAlarm"
  alarm_description   = "DynamoDB did not answer, so callers got a 503. See docs/operations.md."
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 3
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]
  ok_actions          = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]

  metric_query {
    id          = "sdk"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "requests"
      stat        = "Sum"
      period      = 60
      dimensions = {
        function = "sdk-exchange"
        outcome  = "user_tokens_unavailable"
      }
    }
  }

  metric_query {
    id          = "messaging"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "requests"
      stat        = "Sum"
      period      = 60
      dimensions = {
        function = "messaging-token"
        outcome  = "user_tokens_unavailable"
      }
    }
  }

  metric_query {
    id          = "sso"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "requests"
      stat        = "Sum"
      period      = 60
      dimensions = {
        function = "sso-redirect"
        outcome  = "user_tokens_unavailable"
      }
    }
  }

  metric_query {
    id         = "all"
    label      = "Requests without an answer of DynamoDB"
    expression = "SUM([sdk, messaging, sso])"
  }
}

resource "aws_cloudwatch_metric_alarm" "identity_provider_unavailable_alarm" {
  count               = local.is_monitored ? 1 : 0
  alarm_name          = "${var.name}-IdentityProviderUnavailableAlarm"
  alarm_description   = "The keys of an identity provider could not be read, so callers with ID tokens got a 503. See docs/operations.md."
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 3
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]
  ok_actions          = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]

  metric_query {
    id          = "sdk"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "requests"
      stat        = "Sum"
      period      = 60
      dimensions = {
        function = "sdk-exchange"
        outcome  = "identity_provider_unavailable"
      }
    }
  }

  metric_query {
    id          = "messaging"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "requests"
      stat        = "Sum"
      period      = 60
      dimensions = {
        function = "messaging-token"
        outcome  = "identity_provider_unavailable"
      }
    }
  }

  metric_query {
    id          = "sso"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "requests"
      stat        = "Sum"
      period      = 60
      dimensions = {
        function = "sso-redirect"
        outcome  = "identity_provider_unavailable"
      }
    }
  }

  metric_query {
    id         = "all"
    label      = "Requests without an answer of an identity provider"
    expression = "SUM([sdk, messaging, sso])"
  }
}

resource "aws_cloudwatch_metric_alarm" "malformed_items_alarm" {
  count               = local.is_monitored ? 1 : 0
  alarm_name          = "${var.name}-MalformedItemsAlarm"
  alarm_description   = "The functions cannot read items that your backend stored. Their users got a 503. See docs/operations.md."
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]
  ok_actions          = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]

  metric_query {
    id          = "sdk"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "requests"
      stat        = "Sum"
      period      = 300
      dimensions = {
        function = "sdk-exchange"
        outcome  = "item_malformed"
      }
    }
  }

  metric_query {
    id          = "messaging"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "requests"
      stat        = "Sum"
      period      = 300
      dimensions = {
        function = "messaging-token"
        outcome  = "item_malformed"
      }
    }
  }

  metric_query {
    id          = "sso"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "requests"
      stat        = "Sum"
      period      = 300
      dimensions = {
        function = "sso-redirect"
        outcome  = "item_malformed"
      }
    }
  }

  metric_query {
    id         = "all"
    label      = "Requests with an unreadable item"
    expression = "SUM([sdk, messaging, sso])"
  }
}

resource "aws_cloudwatch_metric_alarm" "no_signing_key_alarm" {
  count               = local.is_monitored ? 1 : 0
  alarm_name          = "${var.name}-NoSigningKeyAlarm"
  alarm_description   = "A function has no signing key, because its secret is empty, cannot be read or cannot be right. The function signs nobody in. See docs/operations.md."
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]
  ok_actions          = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]

  metric_query {
    id          = "sdk_unavailable"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "requests"
      stat        = "Sum"
      period      = 300
      dimensions = {
        function = "sdk-exchange"
        outcome  = "signing_key_unavailable"
      }
    }
  }

  metric_query {
    id          = "sdk_refused"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "requests"
      stat        = "Sum"
      period      = 300
      dimensions = {
        function = "sdk-exchange"
        outcome  = "signing_key_refused"
      }
    }
  }

  metric_query {
    id          = "messaging_unavailable"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "requests"
      stat        = "Sum"
      period      = 300
      dimensions = {
        function = "messaging-token"
        outcome  = "signing_key_unavailable"
      }
    }
  }

  metric_query {
    id          = "messaging_refused"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "requests"
      stat        = "Sum"
      period      = 300
      dimensions = {
        function = "messaging-token"
        outcome  = "signing_key_refused"
      }
    }
  }

  metric_query {
    id          = "sso_unavailable"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "requests"
      stat        = "Sum"
      period      = 300
      dimensions = {
        function = "sso-redirect"
        outcome  = "signing_key_unavailable"
      }
    }
  }

  metric_query {
    id          = "sso_refused"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "requests"
      stat        = "Sum"
      period      = 300
      dimensions = {
        function = "sso-redirect"
        outcome  = "signing_key_refused"
      }
    }
  }

  metric_query {
    id         = "all"
    label      = "Requests without a signing key"
    expression = "SUM([sdk_unavailable, sdk_refused, messaging_unavailable, messaging_refused, sso_unavailable, sso_refused])"
  }
}

resource "aws_cloudwatch_metric_alarm" "signing_key_failures_alarm" {
  count               = local.is_monitored ? 1 : 0
  alarm_name          = "${var.name}-SigningKeyFailuresAlarm"
  alarm_description   = "For 15 minutes, a newer secret was refused or could not be read. The last good key still signs. See docs/operations.md."
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]
  ok_actions          = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]

  metric_query {
    id          = "sdk"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "signing_key_failures"
      stat        = "Sum"
      period      = 300
      dimensions = {
        function = "sdk-exchange"
      }
    }
  }

  metric_query {
    id          = "messaging"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "signing_key_failures"
      stat        = "Sum"
      period      = 300
      dimensions = {
        function = "messaging-token"
      }
    }
  }

  metric_query {
    id          = "sso"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "signing_key_failures"
      stat        = "Sum"
      period      = 300
      dimensions = {
        function = "sso-redirect"
      }
    }
  }

  metric_query {
    id         = "all"
    label      = "Requests signed with an old key"
    expression = "SUM([sdk, messaging, sso])"
  }
}

resource "aws_cloudwatch_metric_alarm" "signing_failed_alarm" {
  count               = local.is_monitored ? 1 : 0
  alarm_name          = "${var.name}-SigningFailedAlarm"
  alarm_description   = "A function has a signing key but could not sign, so its caller got a 503. See docs/operations.md."
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]
  ok_actions          = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]

  metric_query {
    id          = "sdk"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "requests"
      stat        = "Sum"
      period      = 300
      dimensions = {
        function = "sdk-exchange"
        outcome  = "signing_failed"
      }
    }
  }

  metric_query {
    id          = "messaging"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "requests"
      stat        = "Sum"
      period      = 300
      dimensions = {
        function = "messaging-token"
        outcome  = "signing_failed"
      }
    }
  }

  metric_query {
    id          = "sso"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "requests"
      stat        = "Sum"
      period      = 300
      dimensions = {
        function = "sso-redirect"
        outcome  = "signing_failed"
      }
    }
  }

  metric_query {
    id         = "all"
    label      = "Requests that could not be signed"
    expression = "SUM([sdk, messaging, sso])"
  }
}

resource "aws_cloudwatch_metric_alarm" "old_signing_key_alarm" {
  count               = local.is_monitored ? 1 : 0
  alarm_name          = "${var.name}-OldSigningKeyAlarm"
  alarm_description   = "A function signs with an old key, because no newer good key could be read. See docs/operations.md."
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.signing_key_age_alarm
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]
  ok_actions          = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]

  metric_query {
    id          = "sdk"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "signing_key_age_seconds"
      stat        = "Maximum"
      period      = 300
      dimensions = {
        function = "sdk-exchange"
      }
    }
  }

  metric_query {
    id          = "messaging"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "signing_key_age_seconds"
      stat        = "Maximum"
      period      = 300
      dimensions = {
        function = "messaging-token"
      }
    }
  }

  metric_query {
    id          = "sso"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "signing_key_age_seconds"
      stat        = "Maximum"
      period      = 300
      dimensions = {
        function = "sso-redirect"
      }
    }
  }

  metric_query {
    id         = "all"
    label      = "Age of the oldest key in seconds"
    expression = "MAX([sdk, messaging, sso])"
  }
}

resource "aws_cloudwatch_metric_alarm" "refusals_alarm" {
  count               = local.is_monitored ? 1 : 0
  alarm_name          = "${var.name}-RefusalsAlarm"
  alarm_description   = "Within 15 minutes, a function refused more than half of at least twenty users. See docs/operations.md."
  comparison_operator = "GreaterThanThreshold"
  threshold           = 50
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]
  ok_actions          = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]

  metric_query {
    id          = "sdk_refused"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "refusals"
      stat        = "Sum"
      period      = 900
      dimensions = {
        function = "sdk-exchange"
      }
    }
  }

  metric_query {
    id          = "sdk_signed"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "requests"
      stat        = "Sum"
      period      = 900
      dimensions = {
        function = "sdk-exchange"
        outcome  = "signed"
      }
    }
  }

  metric_query {
    id          = "messaging_refused"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "refusals"
      stat        = "Sum"
      period      = 900
      dimensions = {
        function = "messaging-token"
      }
    }
  }

  metric_query {
    id          = "messaging_signed"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "requests"
      stat        = "Sum"
      period      = 900
      dimensions = {
        function = "messaging-token"
        outcome  = "signed"
      }
    }
  }

  metric_query {
    id          = "sso_refused"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "refusals"
      stat        = "Sum"
      period      = 900
      dimensions = {
        function = "sso-redirect"
      }
    }
  }

  metric_query {
    id          = "sso_signed"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "requests"
      stat        = "Sum"
      period      = 900
      dimensions = {
        function = "sso-redirect"
        outcome  = "signed"
      }
    }
  }

  metric_query {
    id          = "sdk"
    return_data = false
    expression  = "IF(SUM([sdk_refused, sdk_signed]) >= 20, 100 * sdk_refused / SUM([sdk_refused, sdk_signed]), 0)"
  }

  metric_query {
    id          = "messaging"
    return_data = false
    expression  = "IF(SUM([messaging_refused, messaging_signed]) >= 20, 100 * messaging_refused / SUM([messaging_refused, messaging_signed]), 0)"
  }

  metric_query {
    id          = "sso"
    return_data = false
    expression  = "IF(SUM([sso_refused, sso_signed]) >= 20, 100 * sso_refused / SUM([sso_refused, sso_signed]), 0)"
  }

  metric_query {
    id         = "all"
    label      = "Refused users in percent"
    expression = "MAX([sdk, messaging, sso])"
  }
}

resource "aws_cloudwatch_metric_alarm" "table_throttles_alarm" {
  count               = local.is_monitored ? 1 : 0
  alarm_name          = "${var.name}-TableThrottlesAlarm"
  alarm_description   = "DynamoDB throttles the table of user tokens: look-ups of the functions or writes of your backend. See docs/operations.md."
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]
  ok_actions          = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]

  metric_query {
    id          = "reads"
    return_data = false

    metric {
      namespace   = "AWS/DynamoDB"
      metric_name = "ReadThrottleEvents"
      stat        = "Sum"
      period      = 300
      dimensions = {
        TableName = local.has_existing_table ? var.existing_user_tokens_table : aws_dynamodb_table.user_tokens_table[0].name
      }
    }
  }

  metric_query {
    id          = "writes"
    return_data = false

    metric {
      namespace   = "AWS/DynamoDB"
      metric_name = "WriteThrottleEvents"
      stat        = "Sum"
      period      = 300
      dimensions = {
        TableName = local.has_existing_table ? var.existing_user_tokens_table : aws_dynamodb_table.user_tokens_table[0].name
      }
    }
  }

  metric_query {
    id         = "all"
    label      = "Throttled reads and writes"
    expression = "SUM([reads, writes])"
  }
}

resource "aws_cloudwatch_metric_alarm" "zendesk_setup_errors_alarm" {
  count               = local.is_monitored ? 1 : 0
  alarm_name          = "${var.name}-ZendeskSetupErrorsAlarm"
  alarm_description   = "Zendesk sends users back with an error that everybody meets: the secret or the JWT configuration in Admin Center is wrong. See docs/operations.md."
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 3
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]
  ok_actions          = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]

  metric_query {
    id          = "signature_invalid"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "zendesk_errors"
      stat        = "Sum"
      period      = 300
      dimensions = {
        function = "sso-redirect"
        outcome  = "zendesk_signature_invalid"
      }
    }
  }

  metric_query {
    id          = "token_invalid"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "zendesk_errors"
      stat        = "Sum"
      period      = 300
      dimensions = {
        function = "sso-redirect"
        outcome  = "zendesk_token_invalid"
      }
    }
  }

  metric_query {
    id          = "error_unknown"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "zendesk_errors"
      stat        = "Sum"
      period      = 300
      dimensions = {
        function = "sso-redirect"
        outcome  = "zendesk_error_unknown"
      }
    }
  }

  metric_query {
    id          = "configuration_not_assigned"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "zendesk_errors"
      stat        = "Sum"
      period      = 300
      dimensions = {
        function = "sso-redirect"
        outcome  = "zendesk_configuration_not_assigned"
      }
    }
  }

  metric_query {
    id         = "all"
    label      = "Errors of the configuration"
    expression = "SUM([signature_invalid, token_invalid, error_unknown, configuration_not_assigned])"
  }
}

resource "aws_cloudwatch_metric_alarm" "zendesk_user_errors_alarm" {
  count               = local.is_monitored ? 1 : 0
  alarm_name          = "${var.name}-ZendeskUserErrorsAlarm"
  alarm_description   = "Zendesk sends users back because of their data: an address that is not allowed, or a user that Zendesk could not create. See docs/operations.md."
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 10
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]
  ok_actions          = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]

  metric_query {
    id          = "address_not_allowed"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "zendesk_errors"
      stat        = "Sum"
      period      = 3600
      dimensions = {
        function = "sso-redirect"
        outcome  = "zendesk_address_not_allowed"
      }
    }
  }

  metric_query {
    id          = "user_not_created"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "zendesk_errors"
      stat        = "Sum"
      period      = 3600
      dimensions = {
        function = "sso-redirect"
        outcome  = "zendesk_user_not_created"
      }
    }
  }

  metric_query {
    id         = "all"
    label      = "Errors of users' data"
    expression = "SUM([address_not_allowed, user_not_created])"
  }
}

resource "aws_cloudwatch_metric_alarm" "zendesk_chance_errors_alarm" {
  count               = local.is_monitored ? 1 : 0
  alarm_name          = "${var.name}-ZendeskChanceErrorsAlarm"
  alarm_description   = "Zendesk sends many users back with errors that a second try heals. So many have one cause. See docs/operations.md."
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 10
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]
  ok_actions          = [local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn]

  metric_query {
    id          = "identifier_reused"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "zendesk_errors"
      stat        = "Sum"
      period      = 900
      dimensions = {
        function = "sso-redirect"
        outcome  = "zendesk_identifier_reused"
      }
    }
  }

  metric_query {
    id          = "clock_drift"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "zendesk_errors"
      stat        = "Sum"
      period      = 900
      dimensions = {
        function = "sso-redirect"
        outcome  = "zendesk_clock_drift"
      }
    }
  }

  metric_query {
    id          = "rate_limited"
    return_data = false

    metric {
      namespace   = "ZendeskJwt/${var.name}"
      metric_name = "zendesk_errors"
      stat        = "Sum"
      period      = 900
      dimensions = {
        function = "sso-redirect"
        outcome  = "zendesk_rate_limited"
      }
    }
  }

  metric_query {
    id         = "all"
    label      = "Errors that a second try heals"
    expression = "SUM([identifier_reused, clock_drift, rate_limited])"
  }
}

resource "aws_cloudwatch_log_metric_filter" "throttled_requests" {
  count          = local.is_monitored ? 1 : 0
  name           = "${var.name}-ThrottledRequests"
  log_group_name = aws_cloudwatch_log_group.http_api_log_group.name
  pattern        = "{ $.status = \"429\" }"

  metric_transformation {
    unit      = "Count"
    name      = "throttled_requests"
    namespace = "ZendeskJwt/${var.name}"
    value     = "1"
  }
}

resource "aws_cloudwatch_dashboard" "dashboard" {
  count          = local.has_dashboard ? 1 : 0
  dashboard_name = var.name
  dashboard_body = <<-EOT
    { "widgets": [
      { "type": "alarm", "x": 0, "y": 0, "width": 24, "height": 3, "properties": { "title": "Alarms: docs/operations.md has an entry for each", "alarms": [
        "${aws_cloudwatch_metric_alarm.server_errors_alarm[0].arn}",
        "${aws_cloudwatch_metric_alarm.latency_alarm[0].arn}",
        "${aws_cloudwatch_metric_alarm.function_errors_alarm[0].arn}",
        "${aws_cloudwatch_metric_alarm.function_throttles_alarm[0].arn}",
        "${aws_cloudwatch_metric_alarm.throttled_requests_alarm[0].arn}",
        "${aws_cloudwatch_metric_alarm.user_tokens_unavailable_alarm[0].arn}",
        "${aws_cloudwatch_metric_alarm.identity_provider_unavailable_alarm[0].arn}",
        "${aws_cloudwatch_metric_alarm.malformed_items_alarm[0].arn}",
        "${aws_cloudwatch_metric_alarm.no_signing_key_alarm[0].arn}",
        "${aws_cloudwatch_metric_alarm.signing_key_failures_alarm[0].arn}",
        "${aws_cloudwatch_metric_alarm.signing_failed_alarm[0].arn}",
        "${aws_cloudwatch_metric_alarm.old_signing_key_alarm[0].arn}",
        "${aws_cloudwatch_metric_alarm.refusals_alarm[0].arn}",
        "${aws_cloudwatch_metric_alarm.table_throttles_alarm[0].arn}",
        "${aws_cloudwatch_metric_alarm.zendesk_setup_errors_alarm[0].arn}",
        "${aws_cloudwatch_metric_alarm.zendesk_user_errors_alarm[0].arn}",
        "${aws_cloudwatch_metric_alarm.zendesk_chance_errors_alarm[0].arn}"
      ] } },
      { "type": "metric", "x": 0, "y": 3, "width": 4, "height": 4, "properties": { "title": "Signed in", "region": "${data.aws_region.current.region}", "view": "singleValue", "sparkline": true, "setPeriodToTimeRange": true, "stat": "Sum", "period": 300, "metrics": [
        [{"expression": "SUM(SEARCH('{\"ZendeskJwt/${var.name}\",function,outcome} MetricName=\"requests\" outcome=(\"signed\")', 'Sum'))", "label": " ", "color": "#2ca02c"}]
      ] } },
      { "type": "metric", "x": 4, "y": 3, "width": 4, "height": 4, "properties": { "title": "Refused: our users' data", "region": "${data.aws_region.current.region}", "view": "singleValue", "sparkline": true, "setPeriodToTimeRange": true, "stat": "Sum", "period": 300, "metrics": [
        [{"expression": "SUM(SEARCH('{\"ZendeskJwt/${var.name}\",function} MetricName=\"refusals\"', 'Sum'))", "label": " ", "color": "#7f7f7f"}]
      ] } },
      { "type": "metric", "x": 8, "y": 3, "width": 4, "height": 4, "properties": { "title": "Malformed: the caller's fault", "region": "${data.aws_region.current.region}", "view": "singleValue", "sparkline": true, "setPeriodToTimeRange": true, "stat": "Sum", "period": 300, "metrics": [
        [{"expression": "SUM(SEARCH('{\"ZendeskJwt/${var.name}\",function,outcome} MetricName=\"requests\" outcome=(\"user_token_missing\" OR \"user_token_repeated\" OR \"not_utf8\" OR \"too_large\" OR \"method_not_allowed\" OR \"media_type_unsupported\" OR \"route_unknown\" OR \"origin_not_allowed\" OR \"not_a_page\")', 'Sum'))", "label": " ", "color": "#7f7f7f"}]
      ] } },
      { "type": "metric", "x": 12, "y": 3, "width": 4, "height": 4, "properties": { "title": "Invalid signing key or item: ours", "region": "${data.aws_region.current.region}", "view": "singleValue", "sparkline": true, "setPeriodToTimeRange": true, "stat": "Sum", "period": 300, "metrics": [
        [{"expression": "SUM(SEARCH('{\"ZendeskJwt/${var.name}\",function,outcome} MetricName=\"requests\" outcome=(\"signing_key_refused\" OR \"item_malformed\")', 'Sum'))", "label": " ", "color": "#d62728"}]
      ] } },
      { "type": "metric", "x": 16, "y": 3, "width": 4, "height": 4, "properties": { "title": "Zendesk's errors", "region": "${data.aws_region.current.region}", "view": "singleValue", "sparkline": true, "setPeriodToTimeRange": true, "stat": "Sum", "period": 300, "metrics": [
        [{"expression": "SUM(SEARCH('{\"ZendeskJwt/${var.name}\",function,outcome} MetricName=\"zendesk_errors\" outcome=(\"zendesk_signature_invalid\" OR \"zendesk_token_invalid\" OR \"zendesk_error_unknown\" OR \"zendesk_configuration_not_assigned\" OR \"zendesk_address_not_allowed\" OR \"zendesk_user_not_created\" OR \"zendesk_identifier_reused\" OR \"zendesk_clock_drift\" OR \"zendesk_rate_limited\")', 'Sum'))", "label": " ", "color": "#ff7f0e"}]
      ] } },
      { "type": "metric", "x": 20, "y": 3, "width": 4, "height": 4, "properties": { "title": "No answer: AWS, identity provider, no secret", "region": "${data.aws_region.current.region}", "view": "singleValue", "sparkline": true, "setPeriodToTimeRange": true, "stat": "Sum", "period": 300, "metrics": [
        [{"expression": "SUM(SEARCH('{\"ZendeskJwt/${var.name}\",function,outcome} MetricName=\"requests\" outcome=(\"user_tokens_unavailable\" OR \"signing_key_unavailable\" OR \"identity_provider_unavailable\")', 'Sum'))", "label": " ", "color": "#9467bd"}]
      ] } },
      { "type": "metric", "x": 0, "y": 7, "width": 12, "height": 6, "properties": { "title": "Signed in, by function", "region": "${data.aws_region.current.region}", "view": "timeSeries", "period": 300, "stat": "Sum", "metrics": [
        ["ZendeskJwt/${var.name}", "requests", "function", "sdk-exchange", "outcome", "signed", {"label": "sdk-exchange"}],
        ["ZendeskJwt/${var.name}", "requests", "function", "messaging-token", "outcome", "signed", {"label": "messaging-token"}],
        ["ZendeskJwt/${var.name}", "requests", "function", "sso-redirect", "outcome", "signed", {"label": "sso-redirect"}]
      ] } },
      { "type": "metric", "x": 12, "y": 7, "width": 12, "height": 6, "properties": { "title": "Everything else, by outcome", "region": "${data.aws_region.current.region}", "view": "timeSeries", "period": 300, "stat": "Sum", "metrics": [
        [{"expression": "SEARCH('{\"ZendeskJwt/${var.name}\",function,outcome} MetricName=\"requests\" NOT outcome=\"signed\" NOT outcome=\"preflight\" NOT outcome=\"signed_out\"', 'Sum')"}]
      ], "stacked": true } },
      { "type": "metric", "x": 0, "y": 13, "width": 8, "height": 6, "properties": { "title": "Latency in milliseconds", "region": "${data.aws_region.current.region}", "view": "timeSeries", "period": 300, "stat": "Sum", "metrics": [
        ["AWS/ApiGateway", "Latency", "ApiId", "${aws_apigatewayv2_api.http_api.id}", {"stat": "p50", "label": "API, median"}],
        ["AWS/ApiGateway", "Latency", "ApiId", "${aws_apigatewayv2_api.http_api.id}", {"stat": "p99", "label": "API, p99"}],
        ["ZendeskJwt/${var.name}", "duration_ms", "function", "sdk-exchange", {"stat": "p99", "label": "sdk-exchange, p99"}],
        ["ZendeskJwt/${var.name}", "duration_ms", "function", "messaging-token", {"stat": "p99", "label": "messaging-token, p99"}],
        ["ZendeskJwt/${var.name}", "duration_ms", "function", "sso-redirect", {"stat": "p99", "label": "sso-redirect, p99"}]
      ], "annotations": {"horizontal": [{"value": 1000, "label": "alarm"}]} } },
      { "type": "metric", "x": 8, "y": 13, "width": 8, "height": 6, "properties": { "title": "Age of the signing key in seconds", "region": "${data.aws_region.current.region}", "view": "timeSeries", "period": 300, "stat": "Sum", "metrics": [
        ["ZendeskJwt/${var.name}", "signing_key_age_seconds", "function", "sdk-exchange", {"stat": "Maximum", "label": "sdk-exchange"}],
        ["ZendeskJwt/${var.name}", "signing_key_age_seconds", "function", "messaging-token", {"stat": "Maximum", "label": "messaging-token"}],
        ["ZendeskJwt/${var.name}", "signing_key_age_seconds", "function", "sso-redirect", {"stat": "Maximum", "label": "sso-redirect"}],
        ["ZendeskJwt/${var.name}", "signing_key_failures", "function", "sdk-exchange", {"label": "sdk-exchange: no newer key", "yAxis": "right"}],
        ["ZendeskJwt/${var.name}", "signing_key_failures", "function", "messaging-token", {"label": "messaging-token: no newer key", "yAxis": "right"}],
        ["ZendeskJwt/${var.name}", "signing_key_failures", "function", "sso-redirect", {"label": "sso-redirect: no newer key", "yAxis": "right"}]
      ], "annotations": {"horizontal": [{"value": ${var.signing_key_age_alarm}, "label": "alarm"}]} } },
      { "type": "metric", "x": 16, "y": 13, "width": 8, "height": 6, "properties": { "title": "Errors and throttles", "region": "${data.aws_region.current.region}", "view": "timeSeries", "period": 300, "stat": "Sum", "metrics": [
        ["AWS/Lambda", "Errors", "FunctionName", "${aws_lambda_function.sdk_exchange_function.function_name}", {"label": "sdk-exchange: errors"}],
        ["AWS/Lambda", "Errors", "FunctionName", "${aws_lambda_function.messaging_token_function.function_name}", {"label": "messaging-token: errors"}],
        ["AWS/Lambda", "Errors", "FunctionName", "${aws_lambda_function.sso_redirect_function.function_name}", {"label": "sso-redirect: errors"}],
        ["AWS/Lambda", "Throttles", "FunctionName", "${aws_lambda_function.sdk_exchange_function.function_name}", {"label": "sdk-exchange: throttles"}],
        ["AWS/Lambda", "Throttles", "FunctionName", "${aws_lambda_function.messaging_token_function.function_name}", {"label": "messaging-token: throttles"}],
        ["AWS/Lambda", "Throttles", "FunctionName", "${aws_lambda_function.sso_redirect_function.function_name}", {"label": "sso-redirect: throttles"}],
        ["ZendeskJwt/${var.name}", "throttled_requests", {"label": "API: 429"}],
        ["AWS/ApiGateway", "5xx", "ApiId", "${aws_apigatewayv2_api.http_api.id}", {"label": "API: 5xx"}],
        ["AWS/DynamoDB", "ReadThrottleEvents", "TableName", "${local.has_existing_table ? var.existing_user_tokens_table : aws_dynamodb_table.user_tokens_table[0].name}", {"label": "table: reads"}],
        ["AWS/DynamoDB", "WriteThrottleEvents", "TableName", "${local.has_existing_table ? var.existing_user_tokens_table : aws_dynamodb_table.user_tokens_table[0].name}", {"label": "table: writes"}]
      ] } },
      { "type": "log", "x": 0, "y": 19, "width": 12, "height": 7, "properties": { "title": "Why somebody was not signed in", "region": "${data.aws_region.current.region}", "view": "table", 
      "query": "SOURCE '${aws_cloudwatch_log_group.sdk_exchange_log_group.name}' | SOURCE '${aws_cloudwatch_log_group.messaging_token_log_group.name}' | SOURCE '${aws_cloudwatch_log_group.sso_redirect_log_group.name}' | filter message = 'request' and outcome not in ['signed', 'preflight', 'signed_out'] | stats count(*) as requests by function, configuration, outcome, detail | sort requests desc" } },
      { "type": "log", "x": 12, "y": 19, "width": 12, "height": 7, "properties": { "title": "Warnings and errors of the functions", "region": "${data.aws_region.current.region}", "view": "table", 
      "query": "SOURCE '${aws_cloudwatch_log_group.sdk_exchange_log_group.name}' | SOURCE '${aws_cloudwatch_log_group.messaging_token_log_group.name}' | SOURCE '${aws_cloudwatch_log_group.sso_redirect_log_group.name}' | fields coalesce(outcome, code) as reason, coalesce(detail, cause) as why | filter level in ['WARN', 'ERROR'] | stats count(*) as lines, latest(@timestamp) as last by @log, message, reason, why | sort last desc" } },
      { "type": "metric", "x": 0, "y": 26, "width": 12, "height": 5, "properties": { "title": "Browsers at single sign-on", "region": "${data.aws_region.current.region}", "view": "timeSeries", "period": 300, "stat": "Sum", "metrics": [
        ["ZendeskJwt/${var.name}", "return_to_dropped", "function", "sso-redirect", {"label": "return_to led away from Zendesk"}],
        ["ZendeskJwt/${var.name}", "requests", "function", "sso-redirect", "outcome", "sign_in_loop", {"label": "sign-in loop stopped"}],
        ["ZendeskJwt/${var.name}", "requests", "function", "sso-redirect", "outcome", "not_signed_in", {"label": "sent to the sign-in page"}]
      ] } },
      { "type": "log", "x": 12, "y": 26, "width": 12, "height": 5, "properties": { "title": "Answers of the API by route", "region": "${data.aws_region.current.region}", "view": "table", 
      "query": "SOURCE '${aws_cloudwatch_log_group.http_api_log_group.name}' | stats count(*) as requests by route, status | sort requests desc" } }
    ] }
  EOT
}

resource "aws_dynamodb_table" "user_tokens_table" {
  count                       = local.needs_table ? 1 : 0
  name                        = "${var.name}-user-tokens"
  hash_key                    = "token_hash"
  billing_mode                = "PAY_PER_REQUEST"
  deletion_protection_enabled = true

  attribute {
    name = "token_hash"
    type = "S"
  }

  attribute {
    name = "external_id"
    type = "S"
  }

  global_secondary_index {
    name            = "by_external_id"
    hash_key        = "external_id"
    projection_type = "ALL"
  }

  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled = true
  }
}

resource "aws_dynamodb_resource_policy" "user_tokens_table" {
  count        = local.needs_table && local.has_writer_principal ? 1 : 0
  resource_arn = aws_dynamodb_table.user_tokens_table[0].arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "WriteAndFindUserTokens"
        Effect = "Allow"
        Principal = {
          AWS = var.user_tokens_writer_principal
        }
        Action   = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:Query"]
        Resource = "*"
      },
    ]
  })
}

resource "aws_iam_policy" "user_tokens_writer_policy" {
  count       = local.needs_table ? 1 : 0
  name_prefix = "${var.name}-"
  description = "Allows a backend to write user tokens, and to find those of a user."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "WriteUserTokens"
        Effect   = "Allow"
        Action   = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]
        Resource = aws_dynamodb_table.user_tokens_table[0].arn
      },
      {
        Sid      = "FindTokensOfUser"
        Effect   = "Allow"
        Action   = "dynamodb:Query"
        Resource = "${aws_dynamodb_table.user_tokens_table[0].arn}/index/by_external_id"
      },
    ]
  })
}

resource "aws_secretsmanager_secret" "sdk_signing_key" {
  name_prefix = "${var.name}-SdkSigningKey-"
  description = "Zendesk Support SDK. Enter {\"secret\": \"...\"} with the JWT Secret of Admin Center > Channels > Classic > Mobile SDK."
}

resource "aws_secretsmanager_secret" "messaging_signing_key" {
  name_prefix = "${var.name}-MessagingSigningKey-"
  description = "Zendesk messaging. Enter {\"kid\": \"app_...\", \"secret\": \"...\"} with key id and shared secret of Admin Center > Account > Security > End user authentication."
}

resource "aws_secretsmanager_secret" "sso_signing_key" {
  name_prefix = "${var.name}-SsoSigningKey-"
  description = "Zendesk single sign-on. Enter {\"secret\": \"...\"} with the shared secret of Admin Center > Account > Security > Single sign-on."
}

resource "aws_cloudwatch_log_group" "sdk_exchange_log_group" {
  name              = "/aws/lambda/${var.name}/sdk-exchange"
  retention_in_days = var.log_retention_in_days
}

resource "aws_cloudwatch_log_group" "messaging_token_log_group" {
  name              = "/aws/lambda/${var.name}/messaging-token"
  retention_in_days = var.log_retention_in_days
}

resource "aws_cloudwatch_log_group" "sso_redirect_log_group" {
  name              = "/aws/lambda/${var.name}/sso-redirect"
  retention_in_days = var.log_retention_in_days
}

resource "aws_cloudwatch_log_group" "http_api_log_group" {
  name              = "/aws/vendedlogs/${var.name}/http-api"
  retention_in_days = var.log_retention_in_days
}

output "sdk_jwt_url" {
  description = "Enter as JWT URL in Admin Center > Channels > Classic > Mobile SDK."
  value       = "${local.has_public_url ? var.public_url : (local.has_domain_name ? "https://${var.domain_name}" : aws_apigatewayv2_api.http_api.api_endpoint)}/sdk/jwt"
}

output "messaging_jwt_url" {
  description = "Your page or app fetches JWTs here. Admin Center does not need it."
  value       = "${local.has_public_url ? var.public_url : (local.has_domain_name ? "https://${var.domain_name}" : aws_apigatewayv2_api.http_api.api_endpoint)}/messaging/jwt"
}

output "sso_remote_login_url" {
  description = "Enter as Remote login URL in Admin Center > Account > Security > Single sign-on."
  value       = "${local.has_public_url ? var.public_url : (local.has_domain_name ? "https://${var.domain_name}" : aws_apigatewayv2_api.http_api.api_endpoint)}/sso/login"
}

output "sso_remote_logout_url" {
  description = "Enter as Remote logout URL in Admin Center > Account > Security > Single sign-on. Zendesk reports its errors there too."
  value       = "${local.has_public_url ? var.public_url : (local.has_domain_name ? "https://${var.domain_name}" : aws_apigatewayv2_api.http_api.api_endpoint)}/sso/logout?email=&external_id="
}

output "user_tokens_table_name" {
  description = "Table that your backend writes user tokens to."
  value       = local.has_existing_table ? var.existing_user_tokens_table : aws_dynamodb_table.user_tokens_table[0].name
}

output "user_tokens_writer_policy_arn" {
  description = "Policy for the role of your backend, which writes user tokens."
  value       = local.needs_table ? aws_iam_policy.user_tokens_writer_policy[0].arn : null
}

output "sdk_signing_key_arn" {
  description = "Secret for the JWT Secret of Admin Center > Channels > Classic > Mobile SDK."
  value       = aws_secretsmanager_secret.sdk_signing_key.arn
}

output "messaging_signing_key_arn" {
  description = "Secret for the signing key of Admin Center > Account > Security > End user authentication."
  value       = aws_secretsmanager_secret.messaging_signing_key.arn
}

output "sso_signing_key_arn" {
  description = "Secret for the shared secret of Admin Center > Account > Security > Single sign-on."
  value       = aws_secretsmanager_secret.sso_signing_key.arn
}

output "domain_target" {
  description = "Target of a CNAME record for your domain name, unless HostedZoneId is set."
  value       = local.has_domain_name ? aws_apigatewayv2_domain_name.custom_domain[0].domain_name_configuration[0].target_domain_name : null
}

output "alarm_topic" {
  description = "Topic of the alarms."
  value       = local.is_monitored ? (local.has_alarm_topic_arn ? var.alarm_topic_arn : aws_sns_topic.alarm_topic[0].arn) : null
}

output "dashboard_url" {
  description = "The dashboard, which shows whether sign-ins work and whose fault it is if not."
  value       = local.has_dashboard ? "https://${data.aws_region.current.region}.console.aws.amazon.com/cloudwatch/home?region=${data.aws_region.current.region}#dashboards/dashboard/${aws_cloudwatch_dashboard.dashboard[0].dashboard_name}" : null
}

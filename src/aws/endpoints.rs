//! Where the two services are in each partition of AWS.

/// The addresses of the two services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// DynamoDB's, such as `https://dynamodb.eu-west-1.amazonaws.com`.
    pub dynamodb: String,
    /// Secrets Manager's, such as `https://secretsmanager.eu-west-1.amazonaws.com`.
    pub secrets_manager: String,
}

/// Kinds of endpoints that a region may have beside the usual one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Variant {
    /// `AWS_USE_FIPS_ENDPOINT`: with cryptography that is validated by FIPS 140-3.
    pub fips: bool,
    /// `AWS_USE_DUALSTACK_ENDPOINT`: over IPv4 and IPv6.
    pub dual_stack: bool,
}

/// A partition by how the names of its regions begin, with the domain of its services.
struct Partition {
    regions: &'static str,
    domain: &'static str,
    /// Of DynamoDB over IPv4 and IPv6; the usual domain where there is no such thing.
    dual_stack_domain: &'static str,
}

impl Partition {
    const fn new(regions: &'static str, domain: &'static str, dual_stack_domain: &'static str) -> Self {
        Self { regions, domain, dual_stack_domain }
    }
}

const USUAL: Partition = Partition::new("", "amazonaws.com", "api.aws");

/// The others, as the AWS SDK knows them.
const PARTITIONS: [Partition; 6] = [
    Partition::new("cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    Partition::new("eusc-", "amazonaws.eu", "amazonaws.eu"),
    Partition::new("us-iso-", "c2s.ic.gov", "c2s.ic.gov"),
    Partition::new("us-isob-", "sc2s.sgov.gov", "sc2s.sgov.gov"),
    Partition::new("eu-isoe-", "cloud.adc-e.uk", "cloud.adc-e.uk"),
    Partition::new("us-isof-", "csp.hci.ic.gov", "csp.hci.ic.gov"),
];

impl Endpoints {
    /// The public endpoints of a region.
    #[must_use]
    pub fn of_region(region: &str, Variant { fips, dual_stack }: Variant) -> Self {
        let others = PARTITIONS.iter().find(|partition| region.starts_with(partition.regions));
        let partition = others.unwrap_or(&USUAL);
        let domain = if dual_stack { partition.dual_stack_domain } else { partition.domain };
        let suffix = if fips { "-fips" } else { "" };
        // GovCloud's only DynamoDB is the validated one, under its usual name.
        let dynamodb_suffix = if region.starts_with("us-gov-") && !dual_stack { "" } else { suffix };
        Self {
            dynamodb: format!("https://dynamodb{dynamodb_suffix}.{region}.{domain}"),
            // Secrets Manager answers over IPv6 under its usual name.
            secrets_manager: format!("https://secretsmanager{suffix}.{region}.{}", partition.domain),
        }
    }
}

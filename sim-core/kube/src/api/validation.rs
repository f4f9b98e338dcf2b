//! Rules that many kinds share, with upstream's words. Models `apimachinery/pkg/{util,api}/validation`.

use super::ObjectExt;
use super::status::FieldError;
use serde_json::{Map, Value};
use std::fmt::{self, Display};

/// Collects the faults of one object, in the order in which upstream finds them.
#[derive(Debug, Default)]
pub struct Errors(pub Vec<FieldError>);

impl Errors {
    fn push(&mut self, field: &dyn Display, reason: &'static str, detail: String) {
        self.0.push(FieldError { field: field.to_string(), reason, detail });
    }

    /// `Invalid value: ...: why`.
    pub fn invalid(&mut self, field: impl Display, value: &Value, why: &str) {
        let colon = if why.is_empty() { "" } else { ": " };
        self.push(&field, "FieldValueInvalid", format!("Invalid value: {}{colon}{why}", shown(value)));
    }

    /// `Invalid value: text: why`, of what Go prints in its own way.
    pub fn invalid_raw(&mut self, field: impl Display, value: &str, why: &str) {
        self.push(&field, "FieldValueInvalid", format!("Invalid value: {value}: {why}"));
    }

    /// `Invalid value: "text": why`.
    pub fn invalid_str(&mut self, field: impl Display, value: &str, why: &str) {
        self.invalid(field, &Value::String(value.to_string()), why);
    }

    /// `Required value: why`.
    pub fn required(&mut self, field: impl Display, why: &str) {
        let colon = if why.is_empty() { "" } else { ": " };
        self.push(&field, "FieldValueRequired", format!("Required value{colon}{why}"));
    }

    /// `Forbidden: why`.
    pub fn forbidden(&mut self, field: impl Display, why: &str) {
        self.push(&field, "FieldValueForbidden", format!("Forbidden: {why}"));
    }

    /// `Duplicate value: ...`.
    pub fn duplicate(&mut self, field: impl Display, value: &Value) {
        self.push(&field, "FieldValueDuplicate", format!("Duplicate value: {}", shown(value)));
    }

    /// `Not found: "..."`.
    pub fn not_found(&mut self, field: impl Display, value: &str) {
        self.push(&field, "FieldValueNotFound", format!("Not found: {value:?}"));
    }

    /// `Too long: may not be more than N bytes`.
    pub fn too_long(&mut self, field: impl Display, limit: usize) {
        self.push(&field, "FieldValueTooLong", format!("Too long: may not be more than {limit} bytes"));
    }

    /// `Unsupported value: ...: supported values: "A", "B"`, when `value` is not among `values`.
    pub fn one_of(&mut self, field: impl Display, value: &str, values: &[&str]) -> bool {
        if values.contains(&value) {
            return true;
        }
        let list: Vec<String> = values.iter().map(|v| format!("{v:?}")).collect();
        let detail = format!("Unsupported value: {value:?}: supported values: {}", list.join(", "));
        self.push(&field, "FieldValueNotSupported", detail);
        false
    }

    /// `Unsupported value: ...: supported values: "A", "B"`.
    pub fn not_supported(&mut self, field: impl Display, value: &Value, values: &[&str]) {
        let list: Vec<String> = values.iter().map(|v| format!("{v:?}")).collect();
        let detail = format!("Unsupported value: {}: supported values: {}", shown(value), list.join(", "));
        self.push(&field, "FieldValueNotSupported", detail);
    }

    /// A number that must not be negative.
    pub fn not_negative(&mut self, field: impl Display, value: &Value) {
        if value.as_i64().is_some_and(|n| n < 0) {
            self.invalid(field, value, "must be greater than or equal to 0");
        }
    }

    /// A quantity that must be more than nothing.
    pub fn positive_quantity(&mut self, field: impl Display, value: &Value) {
        if super::resource_list::Amount::parse(value.as_str().unwrap_or("0")).milli <= 0 {
            self.invalid(field, value, "must be greater than zero");
        }
    }

    /// A port number.
    pub fn port(&mut self, field: impl Display, value: &Value) {
        let number = value.as_i64().unwrap_or(0);
        if !(1..=65_535).contains(&number) {
            self.invalid(field, &Value::from(number), "must be between 1 and 65535, inclusive");
        }
    }

    /// Records `why` if there is a reason why not.
    pub fn check(&mut self, field: impl Display, value: &str, outcome: Result<(), String>) {
        if let Err(why) = outcome {
            self.invalid_str(field, value, &why);
        }
    }

    /// A field that may not change.
    pub fn immutable(&mut self, field: impl Display, new: &Value, old: &Value) {
        if new != old {
            self.invalid(field, new, "field is immutable");
        }
    }
}

/// The path of a field below another; written out only when there is something to say about it.
#[derive(Clone, Copy)]
pub struct Below<'a>(pub &'a str, pub &'a str);

impl Display for Below<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// A value as error texts show it: simple ones as Go prints them, others as JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        other => other.to_string(),
    }
}

/// The rule that an object's name follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameRule {
    /// `my.name`: most kinds.
    Subdomain,
    /// `my-name`: namespaces.
    Label,
    /// `my-name`, not starting with a digit.
    Dns1035,
    /// Whatever can be one part of a path.
    Path,
}

impl NameRule {
    /// Why `name` breaks the rule.
    pub fn check(self, name: &str) -> Result<(), String> {
        match self {
            NameRule::Subdomain => dns_subdomain(name),
            NameRule::Label => dns_label(name),
            NameRule::Dns1035 => dns1035_label(name),
            NameRule::Path => Ok(()),
        }
    }
}

fn lower(c: u8) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

fn is_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    !bytes.is_empty()
        && lower(bytes[0])
        && lower(bytes[bytes.len() - 1])
        && bytes.iter().all(|&c| lower(c) || c == b'-')
}

/// Joins the reasons as upstream lists them: each is an error of its own there, most often there is one.
fn verdict(long: Option<usize>, bad: Option<&str>) -> Result<(), String> {
    match (long, bad) {
        (None, None) => Ok(()),
        (Some(limit), None) => Err(format!("must be no more than {limit} characters")),
        (None, Some(why)) => Err(why.to_string()),
        (Some(limit), Some(why)) => Err(format!("must be no more than {limit} characters, {why}")),
    }
}

/// An RFC 1123 label.
pub fn dns_label(text: &str) -> Result<(), String> {
    verdict(
        (text.len() > 63).then_some(63),
        (!is_label(text)).then_some(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must \
             start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for \
             validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
        ),
    )
}

/// An RFC 1123 subdomain.
pub fn dns_subdomain(text: &str) -> Result<(), String> {
    verdict(
        (text.len() > 253).then_some(253),
        (!text.split('.').all(is_label)).then_some(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', \
             and must start and end with an alphanumeric character (e.g. 'example.com', regex used for \
             validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        ),
    )
}

/// An RFC 1035 label.
pub fn dns1035_label(text: &str) -> Result<(), String> {
    let good = is_label(text) && text.as_bytes()[0].is_ascii_lowercase();
    verdict(
        (text.len() > 63).then_some(63),
        (!good).then_some(
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an \
             alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', \
             regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
        ),
    )
}

fn word(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().all(|c| c.is_ascii_alphanumeric() || b"-_.".contains(c))
}

/// What a label's value must look like.
pub fn label_value(text: &str) -> Result<(), String> {
    verdict(
        (text.len() > 63).then_some(63),
        (!text.is_empty() && !word(text)).then_some(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', \
             and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or \
             '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
        ),
    )
}

const NAME_PART: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with \
                         an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used \
                         for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/// What a label's or an annotation's key must look like.
pub fn label_key(text: &str) -> Result<(), String> {
    let name = match text.split('/').collect::<Vec<_>>()[..] {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                return Err("prefix part must be non-empty".to_string());
            }
            dns_subdomain(prefix).map_err(|why| format!("prefix part {why}"))?;
            name
        }
        _ => {
            return Err(format!(
                "a valid label key {NAME_PART} with an optional DNS subdomain prefix and '/' (e.g. \
                 'example.com/MyName')"
            ));
        }
    };
    if name.is_empty() {
        return Err(format!("name part must be non-empty, name part {NAME_PART}"));
    }
    if name.len() > 63 {
        return Err("name part must be no more than 63 characters".to_string());
    }
    if word(name) { Ok(()) } else { Err(format!("name part {NAME_PART}")) }
}

/// Labels, at `field`.
pub fn labels(map: &Map<String, Value>, field: &str, errors: &mut Errors) {
    for (key, value) in map {
        errors.check(field, key, label_key(key));
        let value = value.as_str().unwrap_or("");
        errors.check(field, value, label_value(value));
    }
}

/// Annotations, at `field`.
pub fn annotations(map: &Map<String, Value>, field: &str, errors: &mut Errors) {
    let mut size = 0;
    for (key, value) in map {
        errors.check(field, key, label_key(&key.to_lowercase()));
        size += key.len() + value.as_str().map_or(0, str::len);
    }
    if size > 256 << 10 {
        errors.too_long(field, 256 << 10);
    }
}

/// `metadata` of an object of any kind.
pub fn object_meta(object: &Value, namespaced: bool, rule: NameRule, errors: &mut Errors) {
    let prefix = object.meta("generateName").as_str().unwrap_or("");
    if !prefix.is_empty() {
        let probe = format!("{}a", prefix.trim_end_matches('-'));
        if prefix != "-" {
            errors.check("metadata.generateName", prefix, rule.check(&probe));
        }
    }
    let name = object.name();
    if name.is_empty() {
        errors.required("metadata.name", "name or generateName is required");
    } else {
        if name == "." || name == ".." || name.contains('/') || name.contains('%') {
            let why = if name.contains('/') {
                "may not contain '/'"
            } else if name.contains('%') {
                "may not contain '%'"
            } else {
                "may not be '.' or '..'"
            };
            errors.invalid_str("metadata.name", name, why);
        }
        errors.check("metadata.name", name, rule.check(name));
    }
    let namespace = object.namespace();
    if namespaced && !namespace.is_empty() {
        errors.check("metadata.namespace", namespace, dns_label(namespace));
    }
    labels(object.labels(), "metadata.labels", errors);
    annotations(object.annotations(), "metadata.annotations", errors);
    for (i, owner) in object.owner_references().iter().enumerate() {
        for part in ["apiVersion", "kind", "name", "uid"] {
            if owner.get(part).and_then(Value::as_str).unwrap_or("").is_empty() {
                errors.invalid_str(format!("metadata.ownerReferences[{i}].{part}"), "", "must not be empty");
            }
        }
    }
    for finalizer in object.finalizers() {
        errors.check("metadata.finalizers", finalizer, label_key(finalizer));
        if !finalizer.contains('/') && !["foregroundDeletion", "orphan", "kubernetes"].contains(&finalizer) {
            errors.invalid_str(
                "metadata.finalizers",
                finalizer,
                "name is neither a standard finalizer name nor is it fully qualified",
            );
        }
    }
}

/// What may not change in `metadata`.
pub fn object_meta_update(new: &Value, old: &Value, errors: &mut Errors) {
    for (path, field) in [
        ("/metadata/name", "metadata.name"),
        ("/metadata/namespace", "metadata.namespace"),
        ("/metadata/uid", "metadata.uid"),
        ("/metadata/creationTimestamp", "metadata.creationTimestamp"),
    ] {
        errors.immutable(field, new.at(path), old.at(path));
    }
    if old.is_terminating() {
        for finalizer in new.finalizers() {
            if !old.has_finalizer(finalizer) {
                errors.forbidden(
                    "metadata.finalizers",
                    &format!(
                        "no new finalizers can be added if the object is being deleted, found new finalizers \
                         []string{{{finalizer:?}}}"
                    ),
                );
            }
        }
    }
}

/// `matchLabels` and `matchExpressions`.
pub fn label_selector(selector: &Value, field: &str, errors: &mut Errors) {
    labels(selector.map_at("/matchLabels"), &format!("{field}.matchLabels"), errors);
    for (i, expression) in selector.list_at("/matchExpressions").iter().enumerate() {
        let field = format!("{field}.matchExpressions[{i}]");
        let values = expression.list_at("/values");
        match expression.str_at("/operator") {
            "In" | "NotIn" if values.is_empty() => errors
                .required(format!("{field}.values"), "must be specified when `operator` is 'In' or 'NotIn'"),
            "Exists" | "DoesNotExist" if !values.is_empty() => errors.forbidden(
                format!("{field}.values"),
                "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
            ),
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => errors.invalid_str(format!("{field}.operator"), other, "not a valid selector operator"),
        }
        let key = expression.str_at("/key");
        errors.check(format!("{field}.key"), key, label_key(key));
    }
}

/// An IANA service name: what a port may be called.
pub fn port_name(name: &str) -> Vec<&'static str> {
    let mut faults = Vec::new();
    if name.len() > 15 {
        faults.push("must be no more than 15 characters");
    }
    if !name.bytes().all(|c| lower(c) || c == b'-') {
        faults.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
    }
    if !name.bytes().any(|c| c.is_ascii_lowercase()) {
        faults.push("must contain at least one letter (a-z)");
    }
    if name.contains("--") {
        faults.push("must not contain consecutive hyphens");
    }
    if name.starts_with('-') || name.ends_with('-') {
        faults.push("must not begin or end with a hyphen");
    }
    faults
}

/// A port by number or by name.
pub fn port_or_name(field: &str, value: &Value, errors: &mut Errors) {
    match value {
        Value::String(name) => {
            for fault in port_name(name) {
                errors.invalid_str(field, name, fault);
            }
        }
        other => errors.port(field, other),
    }
}

/// An IP address.
pub fn ip_address(field: &str, text: &str, errors: &mut Errors) -> Option<std::net::IpAddr> {
    let address = text.parse().ok();
    if address.is_none() {
        errors.invalid_str(field, text, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
    }
    address
}

/// An IP address in its canonical form. Models `IsValidIP`.
pub fn strict_ip(field: &str, text: &str, errors: &mut Errors) {
    if without_zeros(text).is_some_and(|plain| plain.parse::<std::net::IpAddr>().is_ok()) {
        return errors.invalid_str(field, text, "must not have leading 0s");
    }
    let Some(address) = ip_address(field, text, errors) else { return };
    if matches!(address, std::net::IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some()) {
        errors.invalid_str(field, text, "must not be an IPv4-mapped IPv6 address");
    } else if address.to_string() != text {
        errors.invalid_str(field, text, &format!("must be in canonical form ({:?})", address.to_string()));
    }
}

/// A network in its canonical form. Models `IsValidCIDR`.
pub fn strict_cidr(field: &str, text: &str, errors: &mut Errors) {
    let (address, length) = text.split_once('/').unwrap_or((text, ""));
    let plain = format!(
        "{}/{}",
        without_zeros(address).as_deref().unwrap_or(address),
        length.trim_start_matches('0').parse::<u8>().unwrap_or(0)
    );
    if plain != text
        && length.len() + address.len() > plain.len() - 1
        && plain.parse::<ipnet::IpNet>().is_ok()
    {
        return errors.invalid_str(field, text, "must not have leading 0s in IP or prefix length");
    }
    let Some(network) = cidr(field, text, errors) else { return };
    let canonical = network.trunc();
    if matches!(network, ipnet::IpNet::V6(v6) if v6.addr().to_ipv4_mapped().is_some()) {
        errors.invalid_str(field, text, "must not have an IPv4-mapped IPv6 address");
    } else if network != canonical {
        errors.invalid_str(field, text, "must not have bits set beyond the prefix length");
    } else if canonical.to_string() != text {
        errors.invalid_str(field, text, &format!("must be in canonical form ({:?})", canonical.to_string()));
    }
}

/// `10.1.2.3` of `010.1.02.3`; nothing when no number begins with a zero too many.
fn without_zeros(text: &str) -> Option<String> {
    let plain = |part: &str| match part.trim_start_matches('0') {
        "" if !part.is_empty() => "0".to_string(),
        rest => rest.to_string(),
    };
    let parts: Vec<String> = text.split('.').map(plain).collect();
    let plain = parts.join(".");
    (plain != text && parts.len() == 4).then_some(plain)
}

/// `*.example.com`.
pub fn wildcard_subdomain(text: &str) -> Result<(), String> {
    let rest = text.strip_prefix("*.").filter(|rest| rest.split('.').all(is_label));
    verdict(
        (text.len() > 253).then_some(253),
        rest.is_none().then_some(
            "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must \
             consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character \
             (e.g. '*.example.com', regex used for validation is \
             '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        ),
    )
}

/// A network: `10.9.8.0/24`.
pub fn cidr(field: &str, text: &str, errors: &mut Errors) -> Option<ipnet::IpNet> {
    let network = text.parse().ok();
    if network.is_none() {
        errors.invalid_str(field, text, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
    }
    network
}

//! Endpoints: the addresses behind a Service, in the older form.

use crate::api::ObjectExt;
use crate::api::schema::Default as D;
use crate::api::schema::Type::*;
use crate::api::schema::common::{OBJECT_META, OBJECT_REFERENCE};
use crate::api::schema::{Struct, f};
use crate::api::scheme::{PLAIN, ResourceInfo};
use crate::api::table::{AGE, NAME, age, column};
use crate::api::validation::{self, Errors};
use serde_json::Value;
use sim::Timestamp;

static SCHEMA: Struct = Struct {
    go: "Endpoints",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("subsets", List(&Object(&SUBSET))),
    ],
};
static SUBSET: Struct = Struct {
    go: "EndpointSubset",
    fields: &[
        f("addresses", List(&Object(&ADDRESS))),
        f("notReadyAddresses", List(&Object(&ADDRESS))),
        f("ports", List(&Object(&PORT))),
    ],
};
static ADDRESS: Struct = Struct {
    go: "EndpointAddress",
    fields: &[
        f("ip", Str).required(),
        f("hostname", Str),
        f("nodeName", StrPtr),
        f("targetRef", Object(&OBJECT_REFERENCE)),
    ],
};
static PORT: Struct = Struct {
    go: "EndpointPort",
    fields: &[
        f("name", Str),
        f("protocol", Str).or(D::Str("TCP")),
        f("port", Int32).required(),
        f("appProtocol", StrPtr),
    ],
};

/// The row of the scheme.
pub static INFO: ResourceInfo = ResourceInfo {
    kind: "Endpoints",
    plural: "endpoints",
    singular: "endpoints",
    short_names: &["ep"],
    schema: &SCHEMA,
    validate,
    columns: &[NAME, column("Endpoints", "The set of all endpoints is the union of all subsets."), AGE],
    row,
    ..PLAIN
};

fn row(endpoints: &Value, now: Timestamp) -> Vec<Value> {
    vec![endpoints.name().into(), addresses(endpoints).into(), age(endpoints, now)]
}

/// `10.244.0.5:80,10.244.1.7:80,10.244.1.8:80 + 2 more...`
fn addresses(endpoints: &Value) -> String {
    const SHOWN: usize = 3;
    let (mut list, mut count) = (Vec::new(), 0);
    // With subsets but nothing ready in them, the cell stays empty.
    if endpoints.list_at("/subsets").is_empty() {
        return "<none>".to_string();
    }
    for subset in endpoints.list_at("/subsets") {
        let addresses = subset.list_at("/addresses");
        let ports = subset.list_at("/ports");
        count += addresses.len() * ports.len().max(1);
        if ports.is_empty() {
            list.extend(addresses.iter().map(|a| a.str_at("/ip").to_string()));
        }
        for port in ports {
            let number = port.int_at("/port").unwrap_or(0);
            let room = SHOWN.saturating_sub(list.len());
            list.extend(addresses.iter().take(room).map(|a| format!("{}:{number}", a.str_at("/ip"))));
        }
    }
    list.truncate(SHOWN);
    let more = if count > SHOWN { format!(" + {} more...", count - SHOWN) } else { String::new() };
    format!("{}{more}", list.join(","))
}

/// Models `ValidateEndpoints`.
fn validate(endpoints: &Value, _old: Option<&Value>, errors: &mut Errors) {
    for (i, subset) in endpoints.list_at("/subsets").iter().enumerate() {
        let path = format!("subsets[{i}]");
        if subset.list_at("/addresses").is_empty() && subset.list_at("/notReadyAddresses").is_empty() {
            errors.required(&path, "must specify `addresses` or `notReadyAddresses`");
        }
        for list in ["addresses", "notReadyAddresses"] {
            for (j, address) in subset.list_at(&format!("/{list}")).iter().enumerate() {
                self::address(address.str_at("/ip"), &format!("{path}.{list}[{j}].ip"), errors);
                let hostname = address.str_at("/hostname");
                if !hostname.is_empty() {
                    errors.check(
                        format!("{path}.{list}[{j}].hostname"),
                        hostname,
                        validation::dns_label(hostname),
                    );
                }
            }
        }
        let ports = subset.list_at("/ports");
        for (j, port) in ports.iter().enumerate() {
            let field = |name: &str| format!("{path}.ports[{j}].{name}");
            let name = port.str_at("/name");
            if name.is_empty() {
                if ports.len() > 1 {
                    errors.required(field("name"), "");
                }
            } else {
                errors.check(field("name"), name, validation::dns_label(name));
            }
            errors.port(field("port"), port.at("/port"));
            errors.one_of(field("protocol"), port.str_at("/protocol"), &["SCTP", "TCP", "UDP"]);
        }
    }
}

/// An address that traffic can be sent to. Models `ValidateEndpointIP`.
pub(crate) fn address(text: &str, field: &str, errors: &mut Errors) {
    let Some(address) = validation::ip_address(field, text, errors) else { return };
    let why = if address.is_unspecified() {
        "may not be unspecified (0.0.0.0 or ::)"
    } else if address.is_loopback() {
        "may not be in the loopback range (127.0.0.0/8, ::1/128)"
    } else if matches!(address, std::net::IpAddr::V4(v4) if v4.is_link_local()) {
        "may not be in the link-local range (169.254.0.0/16, fe80::/10)"
    } else if matches!(address, std::net::IpAddr::V4(v4) if v4.octets()[..3] == [224, 0, 0]) {
        "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"
    } else {
        return;
    };
    errors.invalid_str(field, text, why);
}

//! `flowcontrol.apiserver.k8s.io/v1`: whose requests wait when the API server has too many. The objects are
//! kept; requests here never wait.

use super::schema::Default as D;
use super::schema::Type::*;
use super::schema::common::OBJECT_META;
use super::schema::{Field, Struct, f};
use super::scheme::{PLAIN, ResourceInfo, status_of};
use super::table::{AGE, NAME, age, column};
use super::{ObjectExt, condition};
use serde_json::Value;
use sim::Timestamp;

const GROUP: &str = "flowcontrol.apiserver.k8s.io";

static FLOW_SCHEMA_SCHEMA: Struct = Struct {
    go: "FlowSchema",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&FLOW_SCHEMA_SPEC)).or(D::Empty),
        f("status", Object(&STATUS)).or(D::Empty),
    ],
};
static FLOW_SCHEMA_SPEC: Struct = Struct {
    go: "FlowSchemaSpec",
    fields: &[
        f("priorityLevelConfiguration", Object(&REFERENCE)).required().or(D::Empty),
        f("matchingPrecedence", Int32).or(D::Int(1_000)),
        f("distinguisherMethod", Object(&DISTINGUISHER)),
        f("rules", List(&Object(&POLICY_RULES))),
    ],
};
static DISTINGUISHER: Struct = Struct { go: "FlowDistinguisherMethod", fields: &[f("type", Str).required()] };
static REFERENCE: Struct =
    Struct { go: "PriorityLevelConfigurationReference", fields: &[f("name", Str).required()] };
static POLICY_RULES: Struct = Struct {
    go: "PolicyRulesWithSubjects",
    fields: &[
        f("subjects", List(&Object(&SUBJECT))).required(),
        f("resourceRules", List(&Object(&RESOURCE_RULE))),
        f("nonResourceRules", List(&Object(&PATH_RULE))),
    ],
};
static SUBJECT: Struct = Struct {
    go: "Subject",
    fields: &[
        f("kind", StrPtr).required(),
        f("user", Object(&USER)),
        f("group", Object(&GROUP_SUBJECT)),
        f("serviceAccount", Object(&SERVICE_ACCOUNT)),
    ],
};
static USER: Struct = Struct { go: "UserSubject", fields: &[f("name", StrPtr).required()] };
static GROUP_SUBJECT: Struct = Struct { go: "GroupSubject", fields: &[f("name", StrPtr).required()] };
static SERVICE_ACCOUNT: Struct = Struct {
    go: "ServiceAccountSubject",
    fields: &[f("namespace", StrPtr).required(), f("name", StrPtr).required()],
};
static RESOURCE_RULE: Struct = Struct {
    go: "ResourcePolicyRule",
    fields: &[
        f("verbs", Set(&StrPtr)).required(),
        f("apiGroups", Set(&StrPtr)).required(),
        f("resources", Set(&StrPtr)).required(),
        f("clusterScope", Bool),
        f("namespaces", Set(&StrPtr)),
    ],
};
static PATH_RULE: Struct = Struct {
    go: "NonResourcePolicyRule",
    fields: &[f("verbs", Set(&StrPtr)).required(), f("nonResourceURLs", Set(&StrPtr)).required()],
};
static STATUS: Struct =
    Struct { go: "FlowSchemaStatus", fields: &[f("conditions", Keyed(&CONDITION, "type"))] };
static CONDITION: Struct = Struct { go: "FlowSchemaCondition", fields: CONDITION_FIELDS };
static LEVEL_CONDITION: Struct =
    Struct { go: "PriorityLevelConfigurationCondition", fields: CONDITION_FIELDS };
const CONDITION_FIELDS: &[Field] =
    &[f("type", Str), f("status", Str), f("lastTransitionTime", Time), f("reason", Str), f("message", Str)];
static LEVEL_STATUS: Struct = Struct {
    go: "PriorityLevelConfigurationStatus",
    fields: &[f("conditions", Keyed(&LEVEL_CONDITION, "type"))],
};
static LEVEL_SCHEMA: Struct = Struct {
    go: "PriorityLevelConfiguration",
    fields: &[
        f("kind", Str),
        f("apiVersion", Str),
        f("metadata", Object(&OBJECT_META)).or(D::Empty),
        f("spec", Object(&LEVEL_SPEC)).or(D::Empty),
        f("status", Object(&LEVEL_STATUS)).or(D::Empty),
    ],
};
static LEVEL_SPEC: Struct = Struct {
    go: "PriorityLevelConfigurationSpec",
    fields: &[f("type", Str).required(), f("limited", Object(&LIMITED)), f("exempt", Object(&EXEMPT))],
};
static EXEMPT: Struct = Struct {
    go: "ExemptPriorityLevelConfiguration",
    fields: &[f("nominalConcurrencyShares", Int32).or(D::Int(0)), f("lendablePercent", Int32).or(D::Int(0))],
};
static LIMITED: Struct = Struct {
    go: "LimitedPriorityLevelConfiguration",
    fields: &[
        f("nominalConcurrencyShares", Int32).or(D::Int(30)),
        f("limitResponse", Object(&RESPONSE)).or(D::Empty),
        f("lendablePercent", Int32).or(D::Int(0)),
        f("borrowingLimitPercent", Int32),
    ],
};
static RESPONSE: Struct =
    Struct { go: "LimitResponse", fields: &[f("type", Str).required(), f("queuing", Object(&QUEUING))] };
static QUEUING: Struct = Struct {
    go: "QueuingConfiguration",
    fields: &[
        f("queues", Int32).or(D::Int(64)),
        f("handSize", Int32).or(D::Int(8)),
        f("queueLengthLimit", Int32).or(D::Int(50)),
    ],
};

/// Which requests belong together.
pub static FLOW_SCHEMA: ResourceInfo = ResourceInfo {
    group: GROUP,
    kind: "FlowSchema",
    plural: "flowschemas",
    singular: "flowschema",
    namespaced: false,
    generation: true,
    schema: &FLOW_SCHEMA_SCHEMA,
    subresources: &[status_of("FlowSchema")],
    columns: &[
        NAME,
        column("PriorityLevel", "The priority level of these requests."),
        column("MatchingPrecedence", "The lowest of all that match counts."),
        column("DistinguisherMethod", "By what the requests are told apart."),
        AGE,
        column("MissingPL", "references a broken or non-existent PriorityLevelConfiguration"),
    ],
    row: |schema: &Value, now: Timestamp| {
        let method = schema.at("/spec/distinguisherMethod/type").as_str().unwrap_or("<none>");
        vec![
            schema.name().into(),
            schema.str_at("/spec/priorityLevelConfiguration/name").into(),
            schema.int_at("/spec/matchingPrecedence").unwrap_or(0).into(),
            method.into(),
            age(schema, now),
            condition(schema, "Dangling").map_or("?", |c| c.str_at("/status")).into(),
        ]
    },
    ..PLAIN
};

/// How many of them are served at once.
pub static PRIORITY_LEVEL_CONFIGURATION: ResourceInfo = ResourceInfo {
    group: GROUP,
    kind: "PriorityLevelConfiguration",
    plural: "prioritylevelconfigurations",
    singular: "prioritylevelconfiguration",
    namespaced: false,
    generation: true,
    schema: &LEVEL_SCHEMA,
    subresources: &[status_of("PriorityLevelConfiguration")],
    columns: &[
        NAME,
        column("Type", "Whether requests of this level ever wait."),
        column("NominalConcurrencyShares", "The level's share of what is served at once."),
        column("Queues", "How many queues the level has."),
        column("HandSize", "How many queues one flow is dealt."),
        column("QueueLengthLimit", "How many requests wait in one queue."),
        AGE,
    ],
    row: |level: &Value, now: Timestamp| {
        let number = |path: &str| match level.at(path) {
            Value::Null => Value::from("<none>"),
            number => number.clone(),
        };
        vec![
            level.name().into(),
            level.str_at("/spec/type").into(),
            number("/spec/limited/nominalConcurrencyShares"),
            number("/spec/limited/limitResponse/queuing/queues"),
            number("/spec/limited/limitResponse/queuing/handSize"),
            number("/spec/limited/limitResponse/queuing/queueLengthLimit"),
            age(level, now),
        ]
    },
    ..PLAIN
};

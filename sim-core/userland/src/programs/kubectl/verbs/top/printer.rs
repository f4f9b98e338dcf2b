//! Figures as a table. Models `k8s.io/kubectl/pkg/metricsutil`.

use crate::programs::kubectl::go_sort;
use crate::programs::kubectl::tabwriter::TabWriter;
use kube::api::quantity;
use serde_json::Value;
use sim::SortedMap;
use std::cmp::Reverse;

/// How figures are shown.
pub struct Printer<'a> {
    /// `--show-swap`.
    pub swap: bool,
    /// Unless `--no-headers`.
    pub headers: bool,
    /// `cpu`, `memory`, or nothing: by name.
    pub sort_by: &'a str,
}

/// What is measured, in thousand-millionths of its unit.
type Amounts = [i128; 3];
const RESOURCES: [&str; 3] = ["cpu", "memory", "swap"];
const UNKNOWN: &str = "<unknown>\t<unknown>\t";
const RULE: &str = "________\t";

impl Printer<'_> {
    /// Nodes, with the part that is used of what they have.
    pub fn nodes(&self, mut metrics: Vec<Value>, nodes: &[Value], capacity: bool) -> String {
        let mut available: SortedMap<&str, (&Value, Option<i128>)> = SortedMap::default();
        for node in nodes {
            let status = &node["status"];
            let resources = &status[if capacity { "capacity" } else { "allocatable" }];
            let swap = status["nodeInfo"]["swap"]["capacity"].as_i64();
            available.insert(name(node), (resources, swap.map(|bytes| i128::from(bytes) * 1_000_000_000)));
        }
        self.sort(&mut metrics, false);
        let mut text = String::new();
        if self.headers {
            text += "NAME\tCPU(cores)\tCPU(%)\tMEMORY(bytes)\tMEMORY(%)\t";
            text += if self.swap { "SWAP(bytes)\tSWAP(%)\t\n" } else { "\n" };
        }
        for item in &metrics {
            text += &format!("{}\t", name(item));
            let usage = usage(&item["usage"]);
            let node = available.remove(name(item));
            for (index, resource) in self.resources().iter().enumerate() {
                let has = match node {
                    Some((_, None)) if index == 2 => {
                        text += UNKNOWN;
                        continue;
                    }
                    Some((_, swap)) if index == 2 => swap,
                    Some((resources, _)) => resources[*resource].as_str().and_then(quantity::parse_nano),
                    None => None,
                };
                text += &cell(index, usage[index]);
                if let Some(has) = has {
                    text += &format!("{}%\t", percent(usage[index], has));
                }
            }
            text.push('\n');
        }
        for (name, _) in available.iter() {
            text += &format!("{name}\t{}\n", UNKNOWN.repeat(self.resources().len()));
        }
        table(&text)
    }

    /// Pods or their containers, and what they use together.
    pub fn pods(&self, mut metrics: Vec<Value>, containers: bool, namespaced: bool, sum: bool) -> String {
        let mut text = String::new();
        let mut columns = self.resources().len() + 1;
        if self.headers {
            for (shown, title) in [(namespaced, "NAMESPACE\t"), (containers, "POD\t")] {
                if shown {
                    text += title;
                    columns += 1;
                }
            }
            text += "NAME\tCPU(cores)\tMEMORY(bytes)\t";
            text += if self.swap { "SWAP(bytes)\t\n" } else { "\n" };
        }
        self.sort(&mut metrics, namespaced);
        let mut total = Amounts::default();
        for item in &mut metrics {
            let mut before = String::new();
            if namespaced {
                before = format!("{}\t", namespace(item));
            }
            let used = of_pod(item);
            total = add(total, used);
            if containers {
                before += &format!("{}\t", name(item));
                if let Some(list) = item["containers"].as_array_mut() {
                    self.sort(list, false);
                    for container in list {
                        let name = container["name"].as_str().unwrap_or("");
                        text += &self.line(&before, name, usage(&container["usage"]));
                    }
                }
            } else {
                text += &self.line(&before, name(item), used);
            }
        }
        if sum {
            // Upstream counts the columns for two figures, with headers or without.
            text += &format!("{}{RULE}{RULE}\n", "\t".repeat(columns - 2));
            text += &self.line(&"\t".repeat(columns - 3), "", total);
        }
        table(&text)
    }

    fn resources(&self) -> &'static [&'static str] {
        &RESOURCES[..if self.swap { 3 } else { 2 }]
    }

    fn line(&self, before: &str, name: &str, amounts: Amounts) -> String {
        let cells = (0..self.resources().len()).map(|index| cell(index, amounts[index]));
        format!("{before}{name}\t{}\n", cells.collect::<String>())
    }

    fn sort(&self, items: &mut [Value], namespaced: bool) {
        let by = RESOURCES.iter().position(|resource| *resource == self.sort_by);
        let key = |item: &Value| match by {
            Some(index) => {
                let used = if item["usage"].is_null() { of_pod(item) } else { usage(&item["usage"]) };
                (Reverse(shown(index, used[index])), String::new(), String::new())
            }
            None if namespaced => (Reverse(0), namespace(item).to_string(), name(item).to_string()),
            None => (Reverse(0), String::new(), name(item).to_string()),
        };
        let keys: Vec<_> = items.iter().map(key).collect();
        go_sort::sort(items, &keys);
    }
}

fn name(item: &Value) -> &str {
    // A container has its name at the top.
    item["metadata"]["name"].as_str().or_else(|| item["name"].as_str()).unwrap_or("")
}

fn namespace(item: &Value) -> &str {
    item["metadata"]["namespace"].as_str().unwrap_or("")
}

fn usage(list: &Value) -> Amounts {
    RESOURCES.map(|resource| list[resource].as_str().and_then(quantity::parse_nano).unwrap_or(0))
}

fn of_pod(pod: &Value) -> Amounts {
    let containers = pod["containers"].as_array().map_or(&[][..], Vec::as_slice);
    containers.iter().fold(Amounts::default(), |sum, container| add(sum, usage(&container["usage"])))
}

fn add(a: Amounts, b: Amounts) -> Amounts {
    std::array::from_fn(|index| a[index] + b[index])
}

/// An amount in the unit in which it is compared: thousandths of a core, or bytes.
fn shown(index: usize, amount: i128) -> i128 {
    up(amount, if index == 0 { 1_000_000 } else { 1_000_000_000 })
}

fn up(amount: i128, unit: i128) -> i128 {
    -(-amount).div_euclid(unit)
}

fn cell(index: usize, amount: i128) -> String {
    match (index, shown(index, amount)) {
        (0, millicores) => format!("{millicores}m\t"),
        (_, bytes) => format!("{}Mi\t", bytes / (1 << 20)),
    }
}

fn percent(used: i128, has: i128) -> i64 {
    let milli = |amount: i128| up(amount, 1_000_000) as f64;
    if has == 0 { 0 } else { (milli(used) / milli(has) * 100.0) as i64 }
}

fn table(text: &str) -> String {
    let mut writer = TabWriter::table();
    writer.push(text);
    writer.flush()
}

#[cfg(test)]
mod tests {
    //! What is expected here is what kubectl 1.35.2 printed of the same figures.

    use super::*;
    use expect_test::{Expect, expect};
    use kube::json;

    fn usage(amounts: &[&str]) -> Value {
        RESOURCES.iter().zip(amounts).map(|(name, amount)| (name.to_string(), json!(amount))).collect()
    }

    fn node_metrics(name: &str, amounts: &[&str]) -> Value {
        json!({"metadata": {"name": name}, "usage": usage(amounts)})
    }

    fn pod_metrics(namespace: &str, name: &str, containers: &[(&str, &[&str])]) -> Value {
        let container = |(name, amounts): &(&str, &[&str])| json!({"name": name, "usage": usage(amounts)});
        json!({"metadata": {"namespace": namespace, "name": name},
               "containers": containers.iter().map(container).collect::<Vec<_>>()})
    }

    fn node(name: &str, allocatable: [&str; 2], swap: &Value) -> Value {
        json!({"metadata": {"name": name}, "status": {
            "allocatable": usage(&allocatable), "capacity": usage(&["4", "8Gi"]), "nodeInfo": {"swap": swap}}})
    }

    /// `options` are words as on the command line.
    fn printer(options: &str) -> Printer<'static> {
        let has = |word: &str| options.split(' ').any(|option| option == word);
        let sort_by = ["cpu", "memory"].into_iter().find(|word| has(word)).unwrap_or("");
        Printer { swap: has("--show-swap"), headers: !has("--no-headers"), sort_by }
    }

    #[test]
    fn nodes_show_what_they_use_of_what_they_have() {
        let metrics = || {
            vec![
                node_metrics("node2", &["123456789n", "1048576Ki"]),
                node_metrics("node1", &["1500u", "2000000"]),
                node_metrics("node10", &["0", "0"]),
            ]
        };
        let of = |options: &str, expected: Expect| {
            let most = ["2", "4028804Ki"];
            let nodes = [
                node("node1", most, &Value::Null),
                node("node2", ["1930m", "3Gi"], &Value::Null),
                node("node10", most, &Value::Null),
            ];
            expected.assert_eq(&printer(options).nodes(
                metrics(),
                &nodes,
                options.contains("--show-capacity"),
            ));
        };
        of(
            "",
            expect![[r#"
NAME     CPU(cores)   CPU(%)   MEMORY(bytes)   MEMORY(%)   
node1    2m           0%       1Mi             0%          
node10   0m           0%       0Mi             0%          
node2    124m         6%       1024Mi          33%         
"#]],
        );
        of(
            "--show-capacity",
            expect![[r#"
NAME     CPU(cores)   CPU(%)   MEMORY(bytes)   MEMORY(%)   
node1    2m           0%       1Mi             0%          
node10   0m           0%       0Mi             0%          
node2    124m         3%       1024Mi          12%         
"#]],
        );
        of(
            "--sort-by cpu --no-headers",
            expect![[r#"
node2    124m   6%    1024Mi   33%   
node1    2m     0%    1Mi      0%    
node10   0m     0%    0Mi      0%    
"#]],
        );
        of(
            "--sort-by memory",
            expect![[r#"
NAME     CPU(cores)   CPU(%)   MEMORY(bytes)   MEMORY(%)   
node2    124m         6%       1024Mi          33%         
node1    2m           0%       1Mi             0%          
node10   0m           0%       0Mi             0%          
"#]],
        );
    }

    #[test]
    fn nodes_without_figures_or_without_a_size() {
        let metrics = || {
            vec![
                node_metrics("node1", &["250m", "500Mi", "100Mi"]),
                node_metrics("node2", &["250m", "500Mi", "100Mi"]),
                node_metrics("node3", &["250m", "500Mi"]),
                node_metrics("node4", &["1", "1Gi", "5Mi"]),
                node_metrics("node9", &["1", "1Gi", "5Mi"]),
            ]
        };
        let of = |options: &str, expected: Expect| {
            let most = ["2", "4028804Ki"];
            let nodes = [
                node("node1", most, &json!({"capacity": 1 << 30})),
                node("node2", most, &Value::Null),
                node("node3", ["0", "0"], &json!({"capacity": 0})),
                node("node4", most, &json!({})),
                node("node5", most, &Value::Null),
            ];
            expected.assert_eq(&printer(options).nodes(metrics(), &nodes, false));
        };
        of(
            "",
            expect![[r#"
NAME    CPU(cores)   CPU(%)      MEMORY(bytes)   MEMORY(%)   
node1   250m         12%         500Mi           12%         
node2   250m         12%         500Mi           12%         
node3   250m         0%          500Mi           0%          
node4   1000m        50%         1024Mi          26%         
node9   1000m        1024Mi      
node5   <unknown>    <unknown>   <unknown>       <unknown>   
"#]],
        );
        of(
            "--show-swap",
            expect![[r#"
NAME    CPU(cores)   CPU(%)      MEMORY(bytes)   MEMORY(%)   SWAP(bytes)   SWAP(%)     
node1   250m         12%         500Mi           12%         100Mi         9%          
node2   250m         12%         500Mi           12%         <unknown>     <unknown>   
node3   250m         0%          500Mi           0%          0Mi           0%          
node4   1000m        50%         1024Mi          26%         <unknown>     <unknown>   
node9   1000m        1024Mi      5Mi             
node5   <unknown>    <unknown>   <unknown>       <unknown>   <unknown>     <unknown>   
"#]],
        );
    }

    #[test]
    fn pods_show_the_sum_of_their_containers() {
        let metrics = || {
            vec![
                pod_metrics(
                    "default",
                    "web-2",
                    &[("app", &["1500u", "5Mi"]), ("side", &["250n", "10240Ki"])],
                ),
                pod_metrics("kube-system", "dns", &[("coredns", &["12345678n", "1048575"])]),
                pod_metrics(
                    "default",
                    "web-10",
                    &[("b", &["1", "1Gi", "3Mi"]), ("a", &["20m", "3000Ki", "1Mi"])],
                ),
                pod_metrics("default", "empty", &[]),
            ]
        };
        let of = |options: &str, expected: Expect| {
            let has = |word: &str| options.split(' ').any(|option| option == word);
            let all = has("-A");
            let mut metrics = metrics();
            metrics.retain(|pod| all || namespace(pod) == "default");
            expected.assert_eq(&printer(options).pods(metrics, has("--containers"), all, has("--sum")));
        };
        of(
            "-A",
            expect![[r#"
NAMESPACE     NAME     CPU(cores)   MEMORY(bytes)   
default       empty    0m           0Mi             
default       web-10   1020m        1026Mi          
default       web-2    2m           15Mi            
kube-system   dns      13m          0Mi             
"#]],
        );
        of(
            "--containers",
            expect![[r#"
POD      NAME   CPU(cores)   MEMORY(bytes)   
web-10   a      20m          2Mi             
web-10   b      1000m        1024Mi          
web-2    app    2m           5Mi             
web-2    side   1m           10Mi            
"#]],
        );
        of(
            "-A --containers --sum",
            expect![[r#"
NAMESPACE     POD      NAME      CPU(cores)   MEMORY(bytes)   
default       web-10   a         20m          2Mi             
default       web-10   b         1000m        1024Mi          
default       web-2    app       2m           5Mi             
default       web-2    side      1m           10Mi            
kube-system   dns      coredns   13m          0Mi             
                                 ________     ________        
                                 1034m        1042Mi          
"#]],
        );
        of(
            "-A --containers --sum --show-swap",
            expect![[r#"
NAMESPACE     POD      NAME      CPU(cores)   MEMORY(bytes)   SWAP(bytes)   
default       web-10   a         20m          2Mi             1Mi           
default       web-10   b         1000m        1024Mi          3Mi           
default       web-2    app       2m           5Mi             0Mi           
default       web-2    side      1m           10Mi            0Mi           
kube-system   dns      coredns   13m          0Mi             0Mi           
                                              ________        ________      
                                              1034m           1042Mi        4Mi   
"#]],
        );
        of(
            "--sum --no-headers",
            expect![[r#"
empty    0m         0Mi        
web-10   1020m      1026Mi     
web-2    2m         15Mi       
         ________   ________   
         1022m      1041Mi     
"#]],
        );
        of(
            "-A --sum --no-headers",
            expect![[r#"
default       empty      0m         0Mi      
default       web-10     1020m      1026Mi   
default       web-2      2m         15Mi     
kube-system   dns        13m        0Mi      
              ________   ________   
              1034m      1042Mi     
"#]],
        );
        of(
            "--containers --no-headers --sum",
            expect![[r#"
web-10   a          20m        2Mi      
web-10   b          1000m      1024Mi   
web-2    app        2m         5Mi      
web-2    side       1m         10Mi     
         ________   ________   
         1022m      1041Mi     
"#]],
        );
        of(
            "--sort-by cpu",
            expect![[r#"
NAME     CPU(cores)   MEMORY(bytes)   
web-10   1020m        1026Mi          
web-2    2m           15Mi            
empty    0m           0Mi             
"#]],
        );
        of(
            "--sort-by memory --containers",
            expect![[r#"
POD      NAME   CPU(cores)   MEMORY(bytes)   
web-10   b      1000m        1024Mi          
web-10   a      20m          2Mi             
web-2    side   1m           10Mi            
web-2    app    2m           5Mi             
"#]],
        );
        of(
            "-A --sort-by memory",
            expect![[r#"
NAMESPACE     NAME     CPU(cores)   MEMORY(bytes)   
default       web-10   1020m        1026Mi          
default       web-2    2m           15Mi            
kube-system   dns      13m          0Mi             
default       empty    0m           0Mi             
"#]],
        );
        of(
            "--sum --show-swap",
            expect![[r#"
NAME     CPU(cores)   MEMORY(bytes)   SWAP(bytes)   
empty    0m           0Mi             0Mi           
web-10   1020m        1026Mi          4Mi           
web-2    2m           15Mi            0Mi           
                      ________        ________      
                      1022m           1041Mi        4Mi   
"#]],
        );
    }
}

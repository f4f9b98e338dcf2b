//! Names of users and groups, from `/etc/passwd` and `/etc/group`.

use linux::Sys;

/// The user and group database.
#[derive(Default)]
pub(crate) struct Users {
    passwd: Vec<Vec<String>>,
    group: Vec<Vec<String>>,
}

impl Users {
    pub(crate) async fn read(sys: &Sys) -> Users {
        Users { passwd: table(sys, "/etc/passwd").await, group: table(sys, "/etc/group").await }
    }

    /// The name of a user, if it has one.
    pub(crate) fn user(&self, uid: u32) -> Option<&str> {
        name_of(&self.passwd, uid)
    }

    /// The name of a group, if it has one.
    pub(crate) fn group(&self, gid: u32) -> Option<&str> {
        name_of(&self.group, gid)
    }

    /// The name of a user or the number.
    pub(crate) fn user_or_number(&self, uid: u32) -> String {
        self.user(uid).map_or_else(|| uid.to_string(), String::from)
    }

    /// The name of a group or the number.
    pub(crate) fn group_or_number(&self, gid: u32) -> String {
        self.group(gid).map_or_else(|| gid.to_string(), String::from)
    }

    /// User and group number of a user by name.
    pub(crate) fn find_user(&self, name: &str) -> Option<(u32, u32)> {
        let row = self.passwd.iter().find(|row| row.first().is_some_and(|first| first == name))?;
        Some((row.get(2)?.parse().ok()?, row.get(3)?.parse().ok()?))
    }

    /// Number of a group by name.
    pub(crate) fn find_group(&self, name: &str) -> Option<u32> {
        let row = self.group.iter().find(|row| row.first().is_some_and(|first| first == name))?;
        row.get(2)?.parse().ok()
    }

    /// Home directory and shell of a user.
    pub(crate) fn home_and_shell(&self, uid: u32) -> Option<(&str, &str)> {
        let number = uid.to_string();
        let row = self.passwd.iter().find(|row| row.get(2) == Some(&number))?;
        Some((row.get(5)?, row.get(6)?))
    }

    /// Groups that list a user as their member.
    pub(crate) fn memberships(&self, user: &str) -> Vec<u32> {
        let lists =
            |row: &&Vec<String>| row.get(3).is_some_and(|list| list.split(',').any(|member| member == user));
        self.group.iter().filter(lists).filter_map(|row| row.get(2)?.parse().ok()).collect()
    }
}

async fn table(sys: &Sys, path: &str) -> Vec<Vec<String>> {
    let bytes = sys.read_file(path).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    text.lines().map(|line| line.split(':').map(String::from).collect()).collect()
}

fn name_of(table: &[Vec<String>], id: u32) -> Option<&str> {
    let number = id.to_string();
    table.iter().find(|row| row.get(2) == Some(&number)).map(|row| row[0].as_str())
}

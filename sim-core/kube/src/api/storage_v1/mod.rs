//! `storage.k8s.io/v1`.

pub mod csi;
pub mod storage_class;
pub mod volume_attachment;

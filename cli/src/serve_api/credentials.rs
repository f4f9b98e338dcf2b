//! Certificates as kubeadm hands them out, and the kubeconfig that carries them.

use data_encoding::BASE64;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use std::sync::Arc;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto};

/// Who a client's certificate says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// Its common name.
    pub user: &'static str,
    /// Its organizations.
    pub groups: &'static [&'static str],
}

/// Whom `admin.conf` of kubeadm speaks for.
const ADMIN: Identity = Identity { user: "kubernetes-admin", groups: &["kubeadm:cluster-admins"] };

/// An authority, the server's certificate, and the administrator's.
pub(super) struct Credentials {
    authority: String,
    admin: CertificateDer<'static>,
    admin_pem: String,
    admin_key: String,
    /// What a listener needs.
    pub tls: Arc<ServerConfig>,
}

impl Credentials {
    /// Makes new ones, for a server on this machine only.
    pub fn new() -> Result<Credentials, Box<dyn std::error::Error>> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name = named("kubernetes", &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let root = params.self_signed(&key)?;
        let issuer = Issuer::new(params, key);

        let server_key = KeyPair::generate()?;
        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_string);
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = named("kube-apiserver", &[]);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let server = params.signed_by(&server_key, &issuer)?;

        let admin_key = KeyPair::generate()?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name = named(ADMIN.user, ADMIN.groups);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let admin = params.signed_by(&admin_key, &issuer)?;

        let provider = Arc::new(crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(root.der().clone())?;
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
            .allow_unauthenticated()
            .build()?;
        let mut tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(verifier)
            .with_single_cert(
                vec![server.der().clone()],
                PrivateKeyDer::from(PrivatePkcs8KeyDer::from(server_key.serialize_der())),
            )?;
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Credentials {
            authority: root.pem(),
            admin: admin.der().clone(),
            admin_pem: admin.pem(),
            admin_key: admin_key.serialize_pem(),
            tls: Arc::new(tls),
        })
    }

    /// Whom a verified certificate speaks for: there are no others than those handed out here.
    pub fn identity(&self, presented: Option<&[CertificateDer<'_>]>) -> Option<Identity> {
        presented?.first().filter(|certificate| **certificate == self.admin).map(|_| ADMIN)
    }

    /// The administrator's kubeconfig, in kubeadm's words.
    pub fn kubeconfig(&self, url: &str) -> String {
        let [authority, certificate, key] =
            [&self.authority, &self.admin_pem, &self.admin_key].map(|pem| BASE64.encode(pem.as_bytes()));
        let user = ADMIN.user;
        format!(
            "apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: {authority}
    server: {url}
  name: kubernetes
contexts:
- context:
    cluster: kubernetes
    user: {user}
  name: {user}@kubernetes
current-context: {user}@kubernetes
kind: Config
users:
- name: {user}
  user:
    client-certificate-data: {certificate}
    client-key-data: {key}
"
        )
    }
}

fn named(common: &str, organizations: &[&str]) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    for organization in organizations {
        name.push(DnType::OrganizationName, *organization);
    }
    name.push(DnType::CommonName, common);
    name
}

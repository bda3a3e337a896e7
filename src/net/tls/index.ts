export { type CertificateSource, type ClientCertificate, noCertificates } from './client-certificate.ts'
export { createTlsKeeper, type TlsKeeper } from './keeper.ts'
export { type TlsOptions, tlsSchema } from './settings.ts'

/** Certificates of the server, and of clients where they are demanded. */
import { Module } from '@nestjs/common';
import { ReloadModule } from '../reload/reload.module.js';
import { CertificateReports } from './certificate-reports.js';
import { Certificates } from './certificates.js';

@Module({
  imports: [ReloadModule],
  providers: [Certificates, CertificateReports],
  exports: [Certificates, CertificateReports],
})
export class TlsModule {}

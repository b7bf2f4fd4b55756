/** What `GET /api/quality` answers, for that route and for get_data_quality of /mcp. */
import type { ReceivedQuality } from '../../pool/received/received-quality.js';
import type { QualityDto } from './quality.dto.js';

export function qualityReport(quality: ReceivedQuality): QualityDto {
  const { bytes, statistics, note } = quality.report();
  return { bytes, statistics: statistics ?? null, note };
}

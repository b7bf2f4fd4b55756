import { describe, expect, test } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { EntropySources, QuantisModule } from './quantis.module.js';

describe('QuantisModule', () => {
  test('provides the configured sources, and closes them when the application ends', async () => {
    const options = { urls: ['file:///dev/urandom', 'https://appliance.invalid/api/2.0/streambytes'] };
    const app = await Test.createTestingModule({ imports: [QuantisModule.forRoot(options)] }).compile();
    const [device, appliance] = app.get(EntropySources).all;
    expect((await device?.fetch(32))?.length).toBe(32);
    await app.close();
    await expect(device?.fetch(32)).rejects.toMatchObject({ code: 'aborted' });
    await expect(appliance?.fetch(32)).rejects.toMatchObject({ code: 'aborted' });
  });
});

// One file up or down by the JavaScript SDK, for compat/test_large_files.py:
// BUCKET up FILE KEY, or BUCKET down KEY FILE.
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';

const [Bucket, direction, source, target] = process.argv.slice(2);
const client = new S3Client({ endpoint: process.env.MKV_URL, forcePathStyle: true });
if (direction === 'up') {
  const params = { Bucket, Key: target, Body: createReadStream(source) };
  await new Upload({ client, queueSize: 10, partSize: 8 << 20, params }).done();
} else {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: source }));
  await pipeline(Body, createWriteStream(target));
}

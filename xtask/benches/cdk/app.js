// The pipeline's stacks with the constructs that a CDK user reaches for: the peer of the whole-command
// benchmarks. It is synthesized, never deployed to an account; its functions hold placeholder code.
const cdk = require('aws-cdk-lib');
const athena = require('aws-cdk-lib/aws-athena');
const events = require('aws-cdk-lib/aws-events');
const targets = require('aws-cdk-lib/aws-events-targets');
const firehose = require('aws-cdk-lib/aws-kinesisfirehose');
const glue = require('aws-cdk-lib/aws-glue');
const iam = require('aws-cdk-lib/aws-iam');
const iot = require('aws-cdk-lib/aws-iot');
const kinesis = require('aws-cdk-lib/aws-kinesis');
const lambda = require('aws-cdk-lib/aws-lambda');
const sources = require('aws-cdk-lib/aws-lambda-event-sources');
const logs = require('aws-cdk-lib/aws-logs');
const s3 = require('aws-cdk-lib/aws-s3');
const sqs = require('aws-cdk-lib/aws-sqs');
const timestream = require('aws-cdk-lib/aws-timestream');

// The emulator knows no AWS::Timestream::*; against it the store is its bucket alone.
const emulator = process.env.AWS_ENDPOINT_URL !== undefined;
const app = new cdk.App();
const env = { account: '000000000000', region: 'eu-west-1' };
const stack = (name) => new cdk.Stack(app, `peer-${name}`, { env });

const bucket = (scope, id) =>
  new s3.Bucket(scope, id, {
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    encryption: s3.BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    removalPolicy: cdk.RemovalPolicy.DESTROY,
  });

const rustFunction = (scope, id, environment) =>
  new lambda.Function(scope, id, {
    runtime: lambda.Runtime.PROVIDED_AL2023,
    architecture: lambda.Architecture.ARM_64,
    handler: 'bootstrap',
    code: lambda.Code.fromAsset(`${__dirname}/placeholder`),
    logGroup: new logs.LogGroup(scope, `${id}Logs`, { retention: logs.RetentionDays.ONE_MONTH }),
    environment,
  });

const artifacts = stack('artifacts');
bucket(artifacts, 'Artifacts');

const ingest = stack('ingest');
const stream = new kinesis.Stream(ingest, 'Stream', { streamMode: kinesis.StreamMode.ON_DEMAND });
const quarantine = new sqs.Queue(ingest, 'Quarantine', {
  encryption: sqs.QueueEncryption.SQS_MANAGED,
  enforceSSL: true,
  retentionPeriod: cdk.Duration.days(14),
});
const rule = new iam.Role(ingest, 'RuleRole', { assumedBy: new iam.ServicePrincipal('iot.amazonaws.com') });
stream.grantWrite(rule);
quarantine.grantSendMessages(rule);
new iot.CfnTopicRule(ingest, 'Rule', {
  topicRulePayload: {
    sql: "SELECT * FROM 'dt/+/measures'",
    awsIotSqlVersion: '2016-03-23',
    actions: [{ kinesis: { streamName: stream.streamName, roleArn: rule.roleArn, partitionKey: '${DeviceID}' } }],
    errorAction: { sqs: { queueUrl: quarantine.queueUrl, roleArn: rule.roleArn } },
  },
});

const store = stack('store');
const rejected = bucket(store, 'Rejected');
const names = { databaseName: 'peer', tableName: 'telemetry' };
if (!emulator) {
  const database = new timestream.CfnDatabase(store, 'Database', { databaseName: names.databaseName });
  new timestream.CfnTable(store, 'Table', {
    ...names,
    retentionProperties: { MemoryStoreRetentionPeriodInHours: '24', MagneticStoreRetentionPeriodInDays: '365' },
    magneticStoreWriteProperties: {
      EnableMagneticStoreWrites: true,
      MagneticStoreRejectedDataLocation: {
        S3Configuration: { BucketName: rejected.bucketName, EncryptionOption: 'SSE_S3' },
      },
    },
  }).addDependency(database);
}

const consumer = stack('consumer');
const write = rustFunction(consumer, 'Consumer', {
  DATABASE: names.databaseName,
  TABLE: names.tableName,
  QUARANTINE_URL: quarantine.queueUrl,
});
quarantine.grantSendMessages(write);
rejected.grantPut(write);
write.addToRolePolicy(
  new iam.PolicyStatement({
    actions: ['timestream:WriteRecords'],
    resources: [`arn:aws:timestream:${env.region}:${env.account}:database/peer/table/telemetry`],
  }),
);
write.addToRolePolicy(new iam.PolicyStatement({ actions: ['timestream:DescribeEndpoints'], resources: ['*'] }));
write.addEventSource(
  new sources.KinesisEventSource(stream, {
    startingPosition: lambda.StartingPosition.TRIM_HORIZON,
    batchSize: 500,
    retryAttempts: 10,
    bisectBatchOnError: true,
    reportBatchItemFailures: true,
  }),
);

const lake = stack('lake');
const lakeBucket = bucket(lake, 'Lake');
const transform = rustFunction(lake, 'Transform', {});
new firehose.DeliveryStream(lake, 'Delivery', {
  source: new firehose.KinesisStreamSource(stream),
  destination: new firehose.S3Bucket(lakeBucket, {
    dataOutputPrefix: 'events/datehour=!{timestamp:yyyy/MM/dd/HH}/',
    errorOutputPrefix: 'errors/!{firehose:error-output-type}/',
    processor: new firehose.LambdaFunctionProcessor(transform),
  }),
});
const catalog = new glue.CfnDatabase(lake, 'Catalog', { catalogId: env.account, databaseInput: { name: 'peer' } });
new glue.CfnTable(lake, 'Events', {
  catalogId: env.account,
  databaseName: 'peer',
  tableInput: {
    name: 'events',
    tableType: 'EXTERNAL_TABLE',
    partitionKeys: [{ name: 'datehour', type: 'string' }],
    storageDescriptor: {
      columns: ['DeviceID', 'Time', 'temperature_measure'].map((name) => ({ name, type: 'string' })),
      location: `s3://${lakeBucket.bucketName}/events/`,
    },
  },
}).addDependency(catalog);
new athena.CfnWorkGroup(lake, 'Workgroup', { name: 'peer' });

const simulator = stack('simulator');
const simulate = rustFunction(simulator, 'Simulator', { STREAM_NAME: stream.streamName });
stream.grantWrite(simulate);
new events.Rule(simulator, 'EveryMinute', {
  schedule: events.Schedule.rate(cdk.Duration.minutes(1)),
  targets: [new targets.LambdaFunction(simulate)],
});

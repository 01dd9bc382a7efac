"""Reads an exposition from standard input with a parser made elsewhere and writes what it saw as JSON.

    reader.py text|openmetrics|protobuf < body

text and openmetrics are read by prometheus_client, protobuf by google.protobuf. Numbers are written as strings, since JSON
has no NaN.
"""

import io
import json
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, proto, timestamp_pb2
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics_parser
from prometheus_client.utils import floatToGoString


def number(value):
    return repr(float(value))


def family(name, documentation, kind, samples):
    return {"name": name, "help": documentation, "kind": kind, "samples": samples}


def sample(name, labels, value, exemplar=None):
    return {"name": name, "labels": labels, "value": number(value), "exemplar": exemplar}


def exemplar(labels, value, timestamp):
    return {"labels": labels, "value": number(value), "timestamp": None if timestamp is None else number(timestamp)}


def read_text(body, families):
    for metric in families(body.decode()):
        yield family(
            metric.name,
            metric.documentation,
            metric.type,
            [
                sample(s.name, s.labels, s.value, s.exemplar and exemplar(*s.exemplar))
                for s in metric.samples
            ],
        )


# https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto, less native histograms.
TYPES = ["COUNTER", "GAUGE", "SUMMARY", "UNTYPED", "HISTOGRAM", "GAUGE_HISTOGRAM"]
MESSAGES = {
    "LabelPair": [(1, "name", "string"), (2, "value", "string")],
    "Gauge": [(1, "value", "double")],
    "Counter": [(1, "value", "double"), (2, "exemplar", "Exemplar"), (3, "created_timestamp", "Timestamp")],
    "Quantile": [(1, "quantile", "double"), (2, "value", "double")],
    "Summary": [
        (1, "sample_count", "uint64"),
        (2, "sample_sum", "double"),
        (3, "quantile", "Quantile*"),
        (4, "created_timestamp", "Timestamp"),
    ],
    "Untyped": [(1, "value", "double")],
    "Histogram": [(1, "sample_count", "uint64"), (2, "sample_sum", "double"), (3, "bucket", "Bucket*")],
    "Bucket": [(1, "cumulative_count", "uint64"), (2, "upper_bound", "double"), (3, "exemplar", "Exemplar")],
    "Exemplar": [(1, "label", "LabelPair*"), (2, "value", "double"), (3, "timestamp", "Timestamp")],
    "Metric": [
        (1, "label", "LabelPair*"),
        (2, "gauge", "Gauge"),
        (3, "counter", "Counter"),
        (4, "summary", "Summary"),
        (5, "untyped", "Untyped"),
        (6, "timestamp_ms", "int64"),
        (7, "histogram", "Histogram"),
    ],
    "MetricFamily": [
        (1, "name", "string"),
        (2, "help", "string"),
        (3, "type", "MetricType"),
        (4, "metric", "Metric*"),
        (5, "unit", "string"),
    ],
}


def add_field(message, tag, name, kind):
    Field = descriptor_pb2.FieldDescriptorProto
    repeated = kind.endswith("*")
    kind = kind.rstrip("*")
    field = message.field.add(name=name, number=tag)
    field.label = Field.LABEL_REPEATED if repeated else Field.LABEL_OPTIONAL
    if kind in ("string", "double", "uint64", "int64"):
        field.type = getattr(Field, "TYPE_" + kind.upper())
    else:
        field.type = Field.TYPE_ENUM if kind == "MetricType" else Field.TYPE_MESSAGE
        package = "google.protobuf" if kind == "Timestamp" else "io.prometheus.client"
        field.type_name = f".{package}.{kind}"


def metric_family_class():
    file = descriptor_pb2.FileDescriptorProto(
        name="metrics.proto",
        package="io.prometheus.client",
        syntax="proto2",
        dependency=[timestamp_pb2.DESCRIPTOR.name],
    )
    enum = file.enum_type.add(name="MetricType")
    for index, name in enumerate(TYPES):
        enum.value.add(name=name, number=index)
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field in fields:
            add_field(message, *field)
    pool = descriptor_pool.Default()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("io.prometheus.client.MetricFamily"))


def pairs(labels):
    names = [pair.name for pair in labels]
    assert len(names) == len(set(names)), names
    return {pair.name: pair.value for pair in labels}


def protobuf_exemplar(message):
    if not message.HasField("exemplar"):
        return None
    found = message.exemplar
    timestamp = found.timestamp.ToNanoseconds() / 10**9 if found.HasField("timestamp") else None
    return exemplar(pairs(found.label), found.value, timestamp)


def protobuf_samples(name, metric):
    """The text formats' series of a Metric message."""
    labels = pairs(metric.label)
    (value,) = [field.name for field, _ in metric.ListFields() if field.name != "label"]
    message = getattr(metric, value)
    if value == "counter":
        yield sample(name, labels, message.value, protobuf_exemplar(message))
    elif value in ("gauge", "untyped"):
        yield sample(name, labels, message.value)
    elif value == "histogram":
        for bucket in message.bucket:
            bound = {"le": floatToGoString(bucket.upper_bound)}
            yield sample(name + "_bucket", labels | bound, bucket.cumulative_count, protobuf_exemplar(bucket))
    elif value == "summary":
        for quantile in message.quantile:
            yield sample(name, labels | {"quantile": floatToGoString(quantile.quantile)}, quantile.value)
    if value in ("histogram", "summary"):
        yield sample(name + "_sum", labels, message.sample_sum)
        yield sample(name + "_count", labels, message.sample_count)


def read_protobuf(body):
    stream = io.BytesIO(body)
    cls = metric_family_class()
    while (message := proto.parse_length_prefixed(cls, stream)) is not None:
        size = message.ByteSize()
        message.DiscardUnknownFields()
        assert message.ByteSize() == size, f"fields that metrics.proto lacks in {message.name}"
        samples = [s for metric in message.metric for s in protobuf_samples(message.name, metric)]
        yield family(message.name, message.help, TYPES[message.type].lower(), samples)


def main():
    body = sys.stdin.buffer.read()
    families = {
        "text": lambda: read_text(body, parser.text_string_to_metric_families),
        "openmetrics": lambda: read_text(body, openmetrics_parser.text_string_to_metric_families),
        "protobuf": lambda: read_protobuf(body),
    }[sys.argv[1]]()
    json.dump(list(families), sys.stdout)


main()

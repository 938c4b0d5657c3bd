"""Words that a model takes for names and that are none: the language's ordinary words, and technical terms."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from redact.folding import plain

#: Technical names that a distilled text needs in order to make sense. Nobody is identified by them.
TECHNICAL = frozenset(
    "ada airflow alpine amazon ami angular ansible apache api apis apk app apple arch argo argocd arm ascii asgi async "
    "atlas atlassian avro aws awk azure babel backlog bash bazel bigquery bitbucket blob bootstrap bsd bug bugzilla "
    "c cargo cassandra ceph cdn celery centos cert chai changelog checkout chef chrome chromium ci cd circleci clang "
    "cli clickhouse clojure cloud cloudflare cloudformation cmake cobol codecov commit compose conda confluence consul "
    "container cors cpu cron crd cross csrf css csv ctrl cuda curl cve cygwin cython dag dart datadog dataframe db dba "
    "debian deno devops dhcp diff django dll dns docker dockerfile dom dos dotnet dry dsl dto duckdb dvc ebs ecs ec2 "
    "eks elastic elasticsearch electron elixir emacs endpoint epic eof erlang es eslint etcd etl excel express fargate "
    "faq fastapi fedora ffmpeg figma firebase firefox flask flink flutter fortran ftp gateway gcc gcp gdb gdpr gerrit "
    "git github gitlab gitops gke gnome gnu go golang google gpg gpu gradle grafana graphql grep groovy grpc gtk gui "
    "hadoop haskell hbase helm heroku hdfs hive homebrew hotfix html http https iam icmp id ide ids iis imap influxdb "
    "ios iot ip ipv4 ipv6 iso istio jakarta java javascript jboss jenkins jest jinja jira jit js json jsp junit jupyter "
    "jvm jwt k3s k8s kafka kanban kde keras kernel keycloak kibana kotlin kpi kubernetes kubectl kustomize lambda lan "
    "laravel latex ldap less lgtm libcurl linux llm llvm logstash loki lts lua mac macos make makefile mariadb markdown "
    "maven mcp memcached mercurial merge meson metabase micropython microsoft milestone minikube mit ml mocha mongo mongodb "
    "mr mozilla mssql msvc mtls mvc mvp mypy mysql nagios nan neo4j netflix nest next nfs nginx nix nltk node nodejs "
    "nosql notion npm null numpy oauth oauth2 objective office okta ok onnx opencv openapi openshift openssh openssl "
    "opentelemetry oracle orm os oss outlook owasp pagerduty pandas parquet pci pdf perl pgp php pickle pip pipeline pkg "
    "playwright png podman poetry posix postfix postgres postgresql postman powerpoint powershell pr presto prod "
    "prometheus protobuf prs pulumi puppet pytest python pytorch qa qt quic quarkus rabbitmq rails raml ram rbac rc rdbms "
    "rds react readme rebase redhat redis redshift redux regex release repo rest retro rfc rhel rollback rollout rpc rpm rss "
    "rtfm ruby ruff rust s3 saas safari saml sandbox sbt scala scikit scrum sdk selenium sentry sepa serverless sftp sha "
    "sharepoint shell sidecar sla slack slo smtp snowflake soap soc solr sonarqube spa spacy spark splunk spring sprint sql "
    "sqlalchemy sqlite sqs sre ssd ssh ssl sso staging stderr stdin stdout storybook stripe sudo svelte svg svn swagger "
    "swift systemd tailwind tar tcp tdd teams tensorflow terraform tfs tls toml tomcat tox travis trello ts tsv ttl twilio "
    "typescript ubuntu udp ui uml unicode unix uri url urls usb utc utf utf8 uuid ux vagrant vault vba vcs vim virtualbox "
    "vite vlan vm vmware vpc vpn vscode vue wasm webhook webpack webrtc websocket wifi wiki windows wordpress wsdl wsgi "
    "xcode xhr xlsx xml xpath xsd xslt xss yaml yarn zabbix zip zookeeper zoom zsh "
    "acl ack adr ah asap atm bcc bst btw cc cest cet cob dst eod eom est eta etc fw fwd fyi gmt hr iirc imho imo irc lmk "
    "mst nb nda ooo oom ooo p0 p1 p2 p3 pdt ping pm po poc pong pst ps pto re rota rsvp sev sev1 sev2 tba tbc tbd tldr todo "
    "vat wip wrt wfh id ids am pm q1 q2 q3 q4 h1 h2 kr okr okrs "
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december christmas easter english german french spanish italian".split()
)

# Nouns with these endings are things; the word list's other nouns include people and places.
_ABSTRACT = re.compile(
    r"(?:tion|sion|ment|ness|ity|ance|ence|ship|ism|ware|ology|ing|age|ure|ency|ancy|base|work|line|time)$"
)


@lru_cache(maxsize=8)
def ordinary_words(model: str) -> frozenset[str]:
    """Return the ordinary words of a language: verbs, adjectives, adverbs and abstract nouns of the model's word list.

    A model without such a list gives no words, so that everything that it calls a name is taken for one.

    Args:
        model: Name of an installed spaCy model package.
    """
    import importlib.util

    spec = importlib.util.find_spec(model)
    if spec is None or spec.origin is None:
        return frozenset()
    found = sorted(Path(spec.origin).parent.glob("*/lemmatizer/lookups"))
    if not found:
        return frozenset()
    from spacy.lookups import Lookups

    lookups = Lookups().from_disk(found[0])
    if not lookups.has_table("lemma_index"):
        return frozenset()
    index = lookups.get_table("lemma_index")
    words: set[str] = set()
    for kind in ("verb", "adj", "adv"):
        words.update(plain(w) for w in index.get(kind, ()))
    words.update(plain(w) for w in index.get("noun", ()) if _ABSTRACT.search(w))
    if lookups.has_table("lemma_exc"):
        exceptions = lookups.get_table("lemma_exc")
        for kind in ("verb", "adj", "adv"):
            words.update(plain(w) for w in exceptions.get(kind, {}))
    return frozenset(w for w in words if w.isalpha() and len(w) > 1)


def is_ordinary(word: str, words: frozenset[str]) -> bool:
    """Return whether a folded word, or what it is inflected from, is in the word list."""
    if word in words:
        return True
    for ending, stems in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 2:
            stem = word[: -len(ending)]
            if any(stem + s in words for s in stems) or (
                ending in ("ed", "ing", "er") and stem[:-1] in words and stem[-1:] == stem[-2:-1]
            ):
                return True
    return False


_ENDINGS = (("ies", ("y",)), ("es", ("", "e")), ("s", ("",)), ("ied", ("y",)), ("ed", ("", "e")), ("ing", ("", "e")))

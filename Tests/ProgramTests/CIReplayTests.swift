// The variables of each CI service, as its documentation shows them, replayed against one repository.

import Foundation
import Testing

/// What a service sets for one kind of event, and what the gate has to find then.
struct Replay: Sendable {
  var name: String
  var variables: [String: String]
  var event: String?
  var commits: Int
  var paths: [String]
  var says: String?

  init(
    _ name: String, _ variables: [String: String], event: String? = nil, commits: Int, _ paths: [String],
    says: String? = nil
  ) {
    self.name = name
    self.variables = variables
    self.event = event
    self.commits = commits
    self.paths = paths
    self.says = says
  }
}

private let change = ["src/topic.txt"]
private let pushed = ["main.txt"]
private let everything = ["main.txt", "old.txt"]

private let github = ["GITHUB_ACTIONS": "true", "CI": "true", "GITHUB_REPOSITORY": "octo-org/octo-repo"]
private let pullRequest = """
  {"action": "synchronize", "number": 7, "before": "{main}", "after": "{head}",
   "pull_request": {"base": {"ref": "main", "sha": "{main}"}, "head": {"ref": "topic", "sha": "{head}"}},
   "repository": {"default_branch": "main"}}
  """

private let forges: [Replay] = [
  Replay(
    "GitHub pull request",
    github.merging([
      "GITHUB_EVENT_NAME": "pull_request", "GITHUB_REF": "refs/pull/7/merge", "GITHUB_SHA": "{merge}",
      "GITHUB_BASE_REF": "main", "GITHUB_HEAD_REF": "topic",
    ]) { $1 }, event: pullRequest, commits: 2, change),
  Replay(
    "GitHub pull_request_target, whose GITHUB_SHA is the target's",
    github.merging([
      "GITHUB_EVENT_NAME": "pull_request_target", "GITHUB_REF": "refs/heads/main", "GITHUB_SHA": "{main}",
      "GITHUB_BASE_REF": "main", "GITHUB_HEAD_REF": "topic",
    ]) { $1 }, event: pullRequest, commits: 2, change),
  Replay(
    "GitHub merge queue",
    github.merging([
      "GITHUB_EVENT_NAME": "merge_group", "GITHUB_REF": "refs/heads/gh-readonly-queue/main/pr-7-x",
      "GITHUB_SHA": "{merge}",
    ]) { $1 },
    event: """
      {"action": "checks_requested", "merge_group": {"head_sha": "{merge}", "base_sha": "{main}",
       "base_ref": "refs/heads/main", "head_ref": "refs/heads/gh-readonly-queue/main/pr-7-x"}}
      """, commits: 3, change),
  Replay(
    "GitHub push to the default branch",
    github.merging(["GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main", "GITHUB_SHA": "{main}"]) { $1 },
    event: """
      {"ref": "refs/heads/main", "before": "{before}", "after": "{main}", "repository": {"default_branch": "main"}}
      """, commits: 1, pushed),
  Replay(
    "GitHub first push of a branch",
    github.merging(["GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/topic", "GITHUB_SHA": "{head}"]) { $1 },
    event: """
      {"ref": "refs/heads/topic", "before": "{zero}", "after": "{head}", "repository": {"default_branch": "main"}}
      """, commits: 2, change, says: "names no commit before this one on topic"),
  Replay(
    "GitHub force push",
    github.merging(["GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/topic", "GITHUB_SHA": "{head}"]) { $1 },
    event: """
      {"ref": "refs/heads/topic", "before": "{gone}", "after": "{head}", "forced": true,
       "repository": {"default_branch": "main"}}
      """, commits: 2, change, says: "171717171717 is not in this clone"),
  Replay(
    "GitHub first push of the default branch",
    github.merging(["GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main", "GITHUB_SHA": "{main}"]) { $1 },
    event: """
      {"ref": "refs/heads/main", "before": "{zero}", "after": "{main}", "repository": {"default_branch": "main"}}
      """, commits: 2, everything, says: "the whole history of"),
  Replay(
    "Gitea pull request",
    github.merging([
      "GITEA_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_REF": "refs/pull/7/head",
      "GITHUB_SHA": "{head}", "GITHUB_BASE_REF": "main",
    ]) { $1 }, event: pullRequest, commits: 2, change, says: "Gitea"),
]

private let gitlab = ["GITLAB_CI": "true", "CI": "true", "CI_DEFAULT_BRANCH": "main"]

private let others: [Replay] = [
  Replay(
    "GitLab merge request",
    gitlab.merging([
      "CI_PIPELINE_SOURCE": "merge_request_event", "CI_COMMIT_SHA": "{head}", "CI_COMMIT_BEFORE_SHA": "{zero}",
      "CI_MERGE_REQUEST_IID": "1", "CI_MERGE_REQUEST_DIFF_BASE_SHA": "{main}", "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "",
      "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": "", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
    ]) { $1 }, commits: 2, change),
  Replay(
    "GitLab merged results pipeline",
    gitlab.merging([
      "CI_COMMIT_SHA": "{merge}", "CI_COMMIT_BEFORE_SHA": "{zero}", "CI_MERGE_REQUEST_IID": "1",
      "CI_MERGE_REQUEST_DIFF_BASE_SHA": "{main}", "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "{head}",
      "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": "{main}", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
    ]) { $1 }, commits: 2, change),
  Replay(
    "GitLab push",
    gitlab.merging(["CI_COMMIT_SHA": "{main}", "CI_COMMIT_BEFORE_SHA": "{before}", "CI_COMMIT_BRANCH": "main"]) { $1 },
    commits: 1, pushed),
  Replay(
    "GitLab new branch",
    gitlab.merging(["CI_COMMIT_SHA": "{head}", "CI_COMMIT_BEFORE_SHA": "{zero}", "CI_COMMIT_BRANCH": "topic"]) { $1 },
    commits: 2, change, says: "judged is what origin/main lacks"),
  Replay(
    "Jenkins pull request",
    [
      "JENKINS_URL": "https://ci.example.org/", "GIT_COMMIT": "{merge}", "CHANGE_ID": "7", "CHANGE_TARGET": "main",
      "BRANCH_NAME": "PR-7",
    ],
    commits: 3, change),
  Replay(
    "Jenkins push",
    [
      "JENKINS_URL": "https://ci.example.org/", "GIT_COMMIT": "{main}", "GIT_PREVIOUS_COMMIT": "{main}",
      "GIT_PREVIOUS_SUCCESSFUL_COMMIT": "{before}", "GIT_BRANCH": "origin/main", "BRANCH_IS_PRIMARY": "true",
    ], commits: 1, pushed),
  Replay(
    "CircleCI pull request",
    [
      "CIRCLECI": "true", "CIRCLE_SHA1": "{head}", "CIRCLE_BRANCH": "topic",
      "CIRCLE_PULL_REQUEST": "https://github.com/a/b/pull/7",
    ],
    commits: 2, change),
  Replay(
    "CircleCI push",
    [
      "CIRCLECI": "true", "CIRCLE_SHA1": "{main}", "CIRCLE_BRANCH": "main",
      "CIRCLE_COMPARE_URL": "https://github.com/a/b/compare/{before}...{main}",
    ], commits: 1, pushed),
  Replay(
    "Azure pull request",
    [
      "TF_BUILD": "True", "BUILD_SOURCEVERSION": "{merge}", "BUILD_SOURCEBRANCH": "refs/pull/7/merge",
      "SYSTEM_PULLREQUEST_PULLREQUESTID": "7", "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main",
      "SYSTEM_PULLREQUEST_SOURCECOMMITID": "{head}",
    ], commits: 2, change),
  Replay(
    "Azure push", ["TF_BUILD": "True", "BUILD_SOURCEVERSION": "{main}", "BUILD_SOURCEBRANCH": "refs/heads/main"],
    commits: 2, everything, says: "the whole history of"),
  Replay(
    "Bitbucket pull request",
    [
      "BITBUCKET_BUILD_NUMBER": "3", "BITBUCKET_COMMIT": "{head}", "BITBUCKET_BRANCH": "topic", "BITBUCKET_PR_ID": "7",
      "BITBUCKET_PR_DESTINATION_BRANCH": "main", "BITBUCKET_PR_DESTINATION_COMMIT": "{main}",
    ], commits: 2, change),
  Replay(
    "Buildkite pull request",
    [
      "BUILDKITE": "true", "BUILDKITE_COMMIT": "{head}", "BUILDKITE_BRANCH": "topic", "BUILDKITE_PULL_REQUEST": "7",
      "BUILDKITE_PULL_REQUEST_BASE_BRANCH": "main", "BUILDKITE_PIPELINE_DEFAULT_BRANCH": "main",
    ], commits: 2, change),
  Replay(
    "Buildkite push of a branch",
    [
      "BUILDKITE": "true", "BUILDKITE_COMMIT": "{head}", "BUILDKITE_BRANCH": "topic", "BUILDKITE_PULL_REQUEST": "false",
      "BUILDKITE_PULL_REQUEST_BASE_BRANCH": "", "BUILDKITE_PIPELINE_DEFAULT_BRANCH": "main",
    ], commits: 2, change),
  Replay(
    "Drone pull request",
    [
      "DRONE": "true", "CI": "true", "DRONE_BUILD_EVENT": "pull_request", "DRONE_PULL_REQUEST": "7",
      "DRONE_COMMIT_SHA": "{head}", "DRONE_COMMIT_BEFORE": "", "DRONE_TARGET_BRANCH": "main", "DRONE_BRANCH": "main",
      "DRONE_COMMIT_BRANCH": "main", "DRONE_REPO_BRANCH": "main",
    ], commits: 2, change),
  Replay(
    "Drone push",
    [
      "DRONE": "true", "DRONE_BUILD_EVENT": "push", "DRONE_COMMIT_SHA": "{main}", "DRONE_COMMIT_BEFORE": "{before}",
      "DRONE_COMMIT_BRANCH": "main", "DRONE_TARGET_BRANCH": "main", "DRONE_REPO_BRANCH": "main",
    ], commits: 1, pushed),
  Replay(
    "Woodpecker pull request",
    [
      "CI": "woodpecker", "CI_COMMIT_SHA": "{head}", "CI_PREV_COMMIT_SHA": "{main}", "CI_COMMIT_PULL_REQUEST": "7",
      "CI_COMMIT_TARGET_BRANCH": "main", "CI_COMMIT_BRANCH": "main", "CI_REPO_DEFAULT_BRANCH": "main",
    ], commits: 2, change),
  Replay(
    "Woodpecker push",
    [
      "CI": "woodpecker", "CI_COMMIT_SHA": "{main}", "CI_PREV_COMMIT_SHA": "{before}", "CI_COMMIT_BRANCH": "main",
      "CI_REPO_DEFAULT_BRANCH": "main",
    ], commits: 1, pushed),
  Replay(
    "Travis pull request",
    [
      "TRAVIS": "true", "TRAVIS_COMMIT": "{merge}", "TRAVIS_PULL_REQUEST": "7", "TRAVIS_PULL_REQUEST_SHA": "{head}",
      "TRAVIS_BRANCH": "main", "TRAVIS_COMMIT_RANGE": "{main}...{head}",
    ], commits: 2, change),
  Replay(
    "Travis push",
    [
      "TRAVIS": "true", "TRAVIS_COMMIT": "{main}", "TRAVIS_PULL_REQUEST": "false", "TRAVIS_BRANCH": "main",
      "TRAVIS_COMMIT_RANGE": "{before}...{main}",
    ], commits: 1, pushed),
  Replay(
    "TeamCity pull request",
    ["TEAMCITY_VERSION": "2025.11", "BUILD_VCS_NUMBER": "{head}", "TEAMCITY_PULLREQUEST_TARGET_BRANCH": "main"],
    commits: 2, change),
  Replay(
    "TeamCity branch",
    ["TEAMCITY_VERSION": "2025.11", "BUILD_VCS_NUMBER": "{head}", "TEAMCITY_BUILD_BRANCH": "topic"], commits: 2, change),
]

@Suite struct CIReplayTests {

  /// One repository for all: a gate only reads.
  @Test func findsTheChangeAndNothingElse() throws {
    let world = try GateWorld()
    for replay in forges + others {
      let outcome = try world.gate(replay.variables, event: replay.event, "--format", "json")
      #expect(outcome.status == 1, "\(replay.name): \(outcome.errors)")
      guard outcome.status == 1 else { continue }
      #expect(try world.paths(outcome) == replay.paths, "\(replay.name): \(outcome.errors)")
      let commits = "judged \(replay.commits) \(replay.commits == 1 ? "commit" : "commits") of"
      #expect(outcome.errors.contains(commits), "\(replay.name): \(outcome.errors)")
      if let words = replay.says { #expect(outcome.errors.contains(words), "\(replay.name): \(outcome.errors)") }
    }
  }

  @Test func withoutAServiceItIsWhatTheDefaultBranchLacks() throws {
    let world = try GateWorld()
    let outcome = try world.gate([:], "--format", "json")
    #expect(outcome.status == 1)
    #expect(try world.paths(outcome) == change)
    let named = try world.gate(
      [:], "--base", "\(world.filled("{before}"))", "--head", "origin/main", "--format", "json")
    #expect(try world.paths(named) == pushed)
    try world.sandbox.git("checkout", "-q", "origin/main", in: world.clone)
    let nothing = try world.gate([:])
    #expect(nothing.status == 0)
    #expect(nothing.errors.contains("there is nothing to judge"))
  }

  @Test func aHeadThatIsNotInTheCloneIsNoPass() throws {
    let world = try GateWorld()
    let outcome = try world.gate(["GITLAB_CI": "true", "CI_COMMIT_SHA": "{gone}", "CI_DEFAULT_BRANCH": "main"])
    #expect(outcome.status == 3)
    #expect(outcome.errors.contains("GIT_DEPTH"), "\(outcome.errors)")
    let unread = try world.gate(github.merging(["GITHUB_SHA": "{main}", "GITHUB_EVENT_PATH": "/nonexistent"]) { $1 })
    #expect(unread.status == 3)
    #expect(try world.gate([:], "--base", "nonsense").status == 2)
    let deleted = try world.gate(["GITLAB_CI": "true", "CI_COMMIT_SHA": "{zero}"])
    #expect(deleted.status == 0)
  }
}

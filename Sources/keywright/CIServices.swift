// The table of CI services, as their documentation describes what they set.

extension CIEnvironment {
  /// In the order in which they are looked for: a service that speaks another's language, too, comes before it.
  static let services: [CIService] = [
    forge("Gitea Actions", marks: [("GITEA_ACTIONS", "true"), ("FORGEJO_ACTIONS", "true")]),
    forge("GitHub Actions", marks: [("GITHUB_ACTIONS", "true")]),
    CIService(
      name: "GitLab CI", marks: [("GITLAB_CI", "true")],
      request: [.variable("CI_MERGE_REQUEST_IID"), .variable("CI_EXTERNAL_PULL_REQUEST_IID")],
      requestHead: [
        .variable("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"), .variable("CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_SHA"),
      ],
      head: [.variable("CI_COMMIT_SHA")],
      requestBase: [
        .variable("CI_MERGE_REQUEST_TARGET_BRANCH_SHA"), .variable("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_SHA"),
        .variable("CI_MERGE_REQUEST_DIFF_BASE_SHA"),
      ],
      base: [.variable("CI_COMMIT_BEFORE_SHA")],
      target: [
        .variable("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"), .variable("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME"),
      ],
      branch: [.variable("CI_COMMIT_BRANCH"), .variable("CI_COMMIT_TAG")],
      defaultBranch: [.variable("CI_DEFAULT_BRANCH")],
      depth: "set the variable GIT_DEPTH: \"0\" for the job"),
    CIService(
      name: "Azure Pipelines", marks: [("TF_BUILD", nil)],
      request: [.variable("SYSTEM_PULLREQUEST_PULLREQUESTID")],
      requestHead: [.variable("SYSTEM_PULLREQUEST_SOURCECOMMITID")],
      head: [.variable("BUILD_SOURCEVERSION")],
      target: [.variable("SYSTEM_PULLREQUEST_TARGETBRANCH")],
      branch: [.variable("BUILD_SOURCEBRANCH")],
      depth: "set fetchDepth: 0 in the step `checkout: self`"),
    CIService(
      name: "Bitbucket Pipelines", marks: [("BITBUCKET_BUILD_NUMBER", nil)],
      request: [.variable("BITBUCKET_PR_ID")],
      head: [.variable("BITBUCKET_COMMIT")],
      requestBase: [.variable("BITBUCKET_PR_DESTINATION_COMMIT")],
      target: [.variable("BITBUCKET_PR_DESTINATION_BRANCH")],
      branch: [.variable("BITBUCKET_BRANCH"), .variable("BITBUCKET_TAG")],
      depth: "set depth: full under `clone:`"),
    CIService(
      name: "Buildkite", marks: [("BUILDKITE", "true")],
      request: [.variable("BUILDKITE_PULL_REQUEST"), .variable("BUILDKITE_MERGE_QUEUE_BASE_BRANCH")],
      head: [.variable("BUILDKITE_COMMIT")],
      requestBase: [.variable("BUILDKITE_MERGE_QUEUE_BASE_COMMIT")],
      target: [.variable("BUILDKITE_MERGE_QUEUE_BASE_BRANCH"), .variable("BUILDKITE_PULL_REQUEST_BASE_BRANCH")],
      branch: [.variable("BUILDKITE_BRANCH"), .variable("BUILDKITE_TAG")],
      defaultBranch: [.variable("BUILDKITE_PIPELINE_DEFAULT_BRANCH")],
      depth: "take --depth out of BUILDKITE_GIT_CLONE_FLAGS and BUILDKITE_GIT_FETCH_FLAGS"),
    CIService(
      name: "CircleCI", marks: [("CIRCLECI", "true")],
      request: [.variable("CIRCLE_PULL_REQUEST")],
      head: [.variable("CIRCLE_SHA1")],
      range: [.variable("CIRCLE_RANGE"), .variable("CIRCLE_COMPARE_URL")],
      branch: [.variable("CIRCLE_BRANCH"), .variable("CIRCLE_TAG")],
      depth: "use the step `checkout` with method: full"),
    CIService(
      name: "Woodpecker", marks: [("CI", "woodpecker"), ("CI_SYSTEM_NAME", "woodpecker")],
      request: [.variable("CI_COMMIT_PULL_REQUEST")],
      head: [.variable("CI_COMMIT_SHA")],
      base: [.variable("CI_PREV_COMMIT_SHA")],
      target: [.variable("CI_COMMIT_TARGET_BRANCH")],
      branch: [.variable("CI_COMMIT_BRANCH"), .variable("CI_COMMIT_TAG")],
      defaultBranch: [.variable("CI_REPO_DEFAULT_BRANCH")],
      depth: "set partial: false and no depth in the settings of the step that clones"),
    CIService(
      name: "Drone", marks: [("DRONE", "true")],
      request: [.variable("DRONE_PULL_REQUEST")],
      head: [.variable("DRONE_COMMIT_SHA"), .variable("DRONE_COMMIT")],
      base: [.variable("DRONE_COMMIT_BEFORE")],
      target: [.variable("DRONE_TARGET_BRANCH"), .variable("DRONE_COMMIT_BRANCH")],
      branch: [.variable("DRONE_COMMIT_BRANCH"), .variable("DRONE_TAG")],
      defaultBranch: [.variable("DRONE_REPO_BRANCH")],
      depth: "take depth out of `clone:`"),
    CIService(
      name: "Travis CI", marks: [("TRAVIS", "true")],
      request: [.variable("TRAVIS_PULL_REQUEST")],
      requestHead: [.variable("TRAVIS_PULL_REQUEST_SHA")],
      head: [.variable("TRAVIS_COMMIT")],
      requestBase: [.rangeBase("TRAVIS_COMMIT_RANGE")],
      range: [.variable("TRAVIS_COMMIT_RANGE")],
      target: [.variable("TRAVIS_BRANCH")],
      branch: [.variable("TRAVIS_TAG"), .variable("TRAVIS_BRANCH")],
      depth: "set depth: false under `git:`"),
    CIService(
      name: "TeamCity", marks: [("TEAMCITY_VERSION", nil)],
      // TeamCity keeps these two in parameters; the README says how to hand them on as variables.
      request: [.variable("TEAMCITY_PULLREQUEST_TARGET_BRANCH")],
      head: [.variable("BUILD_VCS_NUMBER")],
      target: [.variable("TEAMCITY_PULLREQUEST_TARGET_BRANCH")],
      branch: [.variable("TEAMCITY_BUILD_BRANCH")],
      isDefault: .variable("TEAMCITY_BUILD_BRANCH_IS_DEFAULT"),
      depth: "turn off shallow clones in the VCS root"),
    CIService(
      name: "Jenkins", marks: [("JENKINS_URL", nil)],
      request: [.variable("CHANGE_ID"), .variable("ghprbPullId"), .variable("gitlabMergeRequestIid")],
      requestHead: [.variable("ghprbActualCommit"), .variable("gitlabMergeRequestLastCommit")],
      head: [.variable("GIT_COMMIT")],
      base: [.variable("GIT_PREVIOUS_SUCCESSFUL_COMMIT"), .variable("GIT_PREVIOUS_COMMIT")],
      target: [.variable("CHANGE_TARGET"), .variable("ghprbTargetBranch"), .variable("gitlabTargetBranch")],
      branch: [.variable("BRANCH_NAME"), .variable("GIT_BRANCH")],
      isDefault: .variable("BRANCH_IS_PRIMARY"),
      depth: "turn off `Shallow clone` in the job's advanced clone behaviours"),
  ]

  /// GitHub, and the forges that run its actions.
  private static func forge(_ name: String, marks: [(variable: String, value: String?)]) -> CIService {
    CIService(
      name: name, marks: marks,
      request: [.event("/pull_request/head/sha"), .event("/merge_group/head_sha"), .variable("GITHUB_BASE_REF")],
      requestHead: [.event("/pull_request/head/sha"), .event("/merge_group/head_sha")],
      head: [.variable("GITHUB_SHA"), .event("/after")],
      requestBase: [.event("/pull_request/base/sha"), .event("/merge_group/base_sha")],
      base: [.event("/before")],
      target: [.variable("GITHUB_BASE_REF"), .event("/pull_request/base/ref"), .event("/merge_group/base_ref")],
      branch: [.event("/ref"), .variable("GITHUB_REF")],
      defaultBranch: [.event("/repository/default_branch")],
      eventFile: "GITHUB_EVENT_PATH", summaryFile: "GITHUB_STEP_SUMMARY", annotates: true,
      depth: "set fetch-depth: 0 in the step that uses actions/checkout")
  }
}

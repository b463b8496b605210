// Files in which programs keep logins: what the manuals of these programs say stands in them. What is in `«…»` is made when
// the test runs: `«!…»` is a secret, the rest is not.

let loginFiles: [SettingsFile] = [
  SettingsFile(
    ".netrc",
    #"""
    machine git.«host»
    	login «user»
    	password «!password»

    machine api.heroku.com login «user»@«host» password «!uuid»
    default login anonymous password «?user»
    """#),
  SettingsFile(
    "_netrc",
    #"""
    machine ftp.«host» login «user» password «!password» account staff
    macdef init
    cd /pub/incoming

    """#),
  SettingsFile(
    ".pgpass",
    #"""
    # hostname:port:database:username:password
    db.«host»:5432:orders:«user»:«!password»
    localhost:*:*:postgres:«!password»
    10.0.4.17:6543:reports:«user»:«!password»
    """#),
  SettingsFile(
    ".my.cnf",
    #"""
    [client]
    host = db.«host»
    user = «user»
    password = «!password»
    port = 3306

    [mysqldump]
    user = backup
    password="«!password»"
    """#),
  SettingsFile(
    "www/.htpasswd",
    #"""
    «user»:«!apr1»
    deploy:«!bcrypt»
    editor:«!sha»
    legacy:«!descrypt»
    """#),
  SettingsFile(
    "etc/shadow",
    #"""
    root:«!crypt6»:18915:0:99999:7:::
    daemon:*:18375:0:99999:7:::
    «user»:«!crypt6»:18915:0:99999:7:::
    backup:!:18375:0:99999:7:::
    old:«!crypt1»:15000:0:99999:7:::
    new:«!yescrypt»:19700:0:99999:7:::
    """#),
  SettingsFile(
    "etc/passwd",
    #"""
    root:x:0:0:root:/root:/bin/bash
    daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
    «user»:«!descrypt»:1001:1001:«user»,,,:/home/«user»:/bin/sh
    """#),
  SettingsFile(
    "proftpdpasswd",
    #"""
    «user»:«!crypt1»:1002:1002::/srv/ftp/«user»:/bin/false
    upload:«!crypt5»:1003:1003::/srv/ftp/upload:/bin/false
    """#),
  SettingsFile(
    ".htdigest",
    #"""
    «user»:Private area:«!hex:32»
    """#),
  SettingsFile(
    ".s3cfg",
    #"""
    [default]
    access_key = «?id:AKIA»
    access_token =
    bucket_location = US
    encrypt = False
    gpg_passphrase = «!password»
    host_base = s3.amazonaws.com
    human_readable_sizes = False
    secret_key = «!base64:40»
    use_https = True
    """#),
  SettingsFile(
    ".aws/credentials",
    #"""
    [default]
    aws_access_key_id = «?id:AKIA»
    aws_secret_access_key = «!base64:40»

    [staging]
    aws_access_key_id=«?id:AKIA»
    aws_secret_access_key=«!base64:40»
    region=eu-central-1
    """#),
  SettingsFile(
    ".boto",
    #"""
    [Credentials]
    gs_access_key_id = «?gs:20»
    gs_secret_access_key = «!base64:40»

    [Boto]
    https_validate_certificates = True
    proxy = proxy.«host»
    proxy_port = 3128
    proxy_user = «user»
    proxy_pass = «!password»
    """#),
  SettingsFile(
    ".dockercfg",
    #"""
    {
      "https://index.docker.io/v1/": {
        "auth": "«!login64»",
        "email": "«user»@«host»"
      }
    }
    """#),
  SettingsFile(
    ".docker/config.json",
    #"""
    {
    	"auths": {
    		"registry.«host»": {
    			"auth": "«!login64»"
    		},
    		"https://index.docker.io/v1/": {"auth": "«!login64»"}
    	},
    	"HttpHeaders": {"User-Agent": "Docker-Client/19.03.12 (linux)"}
    }
    """#),
  SettingsFile(
    ".npmrc",
    #"""
    registry=https://registry.«host»/
    //registry.«host»/:_authToken=«!uuid»
    //npm.«host»/repository/:username=«user»
    //npm.«host»/repository/:_password=«!password64»
    email=«user»@«host»
    always-auth=true
    """#),
  SettingsFile("old/.npmrc", "_auth = «!login64»\nemail = «user»@«host»\n"),
  SettingsFile(
    ".yarnrc.yml",
    #"""
    nodeLinker: node-modules
    npmRegistries:
      "https://npm.«host»":
        npmAlwaysAuth: true
        npmAuthToken: «!uuid»
    """#),
  SettingsFile(
    ".pypirc",
    #"""
    [distutils]
    index-servers =
        internal

    [internal]
    repository: https://pypi.«host»/simple
    username: «user»
    password: «!password»
    """#),
  SettingsFile(
    "pip.conf",
    #"""
    [global]
    index-url = https://«user»:«!password»@pypi.«host»/simple
    trusted-host = pypi.«host»
    """#),
  SettingsFile(
    ".gem/credentials",
    #"""
    ---
    :rubygems_api_key: «!hex:32»
    :internal: «!hex:32»
    """#),
  SettingsFile(
    ".bundle/config", "---\nBUNDLE_GEMS__«upper:5»__COM: \"«user»:«!password»\"\nBUNDLE_PATH: \"vendor/bundle\"\n"),
  SettingsFile(
    ".cargo/credentials.toml",
    #"""
    [registries.internal]
    token = "«!base62:32»"
    """#),
  SettingsFile(
    "nuget.config",
    #"""
    <?xml version="1.0" encoding="utf-8"?>
    <configuration>
      <packageSources>
        <add key="internal" value="https://nuget.«host»/v3/index.json" />
      </packageSources>
      <packageSourceCredentials>
        <internal>
          <add key="Username" value="«user»" />
          <add key="ClearTextPassword" value="«!password»" />
        </internal>
      </packageSourceCredentials>
      <apikeys>
        <add key="https://nuget.«host»/v2" value="«!base64:44»" />
      </apikeys>
    </configuration>
    """#),
  SettingsFile(
    ".m2/settings.xml",
    #"""
    <settings xmlns="http://maven.apache.org/SETTINGS/1.0.0">
      <servers>
        <server>
          <id>releases</id>
          <username>«user»</username>
          <password>«!password»</password>
        </server>
        <server>
          <id>deploy</id>
          <privateKey>${user.home}/.ssh/id_dsa</privateKey>
          <passphrase>«!password»</passphrase>
        </server>
      </servers>
    </settings>
    """#),
  SettingsFile(
    "gradle.properties",
    #"""
    org.gradle.jvmargs=-Xmx2g
    nexusUsername=«user»
    nexusPassword=«!password»
    signing.keyId=«hex:8»
    signing.password=«!password»
    signing.secretKeyRingFile=/home/«user»/.gnupg/secring.gpg
    RELEASE_STORE_PASSWORD=«!password»
    """#),
  SettingsFile(
    ".sbt/.credentials",
    #"""
    realm=Artifactory Realm
    host=repo.«host»
    user=«user»
    password=«!password»
    """#),
  SettingsFile(
    "auth.json",
    #"""
    {
        "http-basic": {
            "repo.«host»": {
                "username": "«user»",
                "password": "«!password»"
            }
        },
        "github-oauth": {
            "github.com": "«!hex:40»"
        }
    }
    """#),
  SettingsFile(
    ".git-credentials",
    #"""
    https://«user»:«!password»@git.«host»
    https://«user»%40«host»:«!base62:20»@bitbucket.org
    """#),
  SettingsFile(
    ".gitconfig",
    #"""
    [user]
    	name = «user»
    	email = «user»@«host»
    [sendemail]
    	smtpserver = smtp.«host»
    	smtpuser = «user»@«host»
    	smtppass = «!password»
    [github]
    	user = «user»
    	token = «!hex:40»
    [url "https://«user»:«!password»@git.«host»/"]
    	insteadOf = git@git.«host»:
    """#),
  SettingsFile(
    ".config/hub",
    #"""
    github.com:
    - user: «user»
      oauth_token: «!hex:40»
      protocol: https
    """#),
  SettingsFile(
    ".config/gh/hosts.yml",
    #"""
    github.com:
        user: «user»
        oauth_token: «!hex:40»
        git_protocol: ssh
    """#),
  SettingsFile(
    ".hgrc",
    #"""
    [ui]
    username = «user» <«user»@«host»>
    [auth]
    internal.prefix = https://hg.«host»/
    internal.username = «user»
    internal.password = «!password»
    """#),
  SettingsFile(
    ".subversion/auth/svn.simple/3c1f0e6b9d8a",
    "K 8\npasstype\nV 6\nsimple\nK 8\npassword\nV 12\n«!base62:12»\nK 15\nsvn:realmstring\nV 38\n<https://svn.«host»:443> Subversion\nK 8\nusername\nV 5\nalice\nEND\n"
  ),
  SettingsFile(
    ".config/rclone/rclone.conf",
    #"""
    [remote]
    type = sftp
    host = files.«host»
    user = «user»
    pass = «!base64url:32»

    [bucket]
    type = s3
    provider = Minio
    access_key_id = «alnum:20»
    secret_access_key = «!base62:40»
    endpoint = https://s3.«host»
    """#),
  SettingsFile(".smbcredentials", "username=«user»\npassword=«!password»\ndomain=OFFICE\n"),
  SettingsFile(
    ".davfs2/secrets",
    "# mount point, user, password\n/mnt/share «user» \"«!password»\"\nhttps://dav.«host»/ «user» «!password»\n"),
  SettingsFile(
    ".config/transifex/.transifexrc",
    "[https://www.transifex.com]\nhostname = https://www.transifex.com\nusername = «user»\npassword = «!password»\ntoken =\n"
  ),
  SettingsFile(".vault_pass.txt", "«!password»\n"),
  SettingsFile(".vault-token", "«!base62:26»\n"),
]

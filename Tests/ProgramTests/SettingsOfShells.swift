// Settings of developers' tools and of what runs their programs: shells, pipelines, clusters, mobile applications.

let shellFiles: [SettingsFile] = [
  SettingsFile(
    "scripts/deploy.sh",
    #"""
    #!/bin/sh
    export DB_PASSWORD="${DB_PASSWORD:-«!strong»}"
    : "${API_TOKEN:=«!base62:40»}"
    kubectl create secret generic db --from-literal=password=«!strong» --from-literal=username=«user»
    kubectl create secret docker-registry reg --docker-server=reg.«host» --docker-username=«user» --docker-password=«!strong»
    helm upgrade orders ./chart --set postgresql.auth.password=«!strong» --set image.tag=1.2.3
    docker run -d -e POSTGRES_PASSWORD=«!strong» -e POSTGRES_USER=«user» -p 5432:5432 postgres:16
    docker build --build-arg NPM_TOKEN=«!base62:36» .
    curl -sS -u «user»:«!strong» https://api.«host»/v1/orders
    curl -H "X-Auth-Token: «!base62:40»" https://api.«host»/
    curl --proxy-user «user»:«!strong» -x proxy.«host»:3128 https://api.«host»/
    wget --http-user=«user» --http-password=«!strong» https://files.«host»/a.zip
    http -a «user»:«!strong» GET https://api.«host»/
    mysql -h db -u «user» -p'«!strong»' shop < dump.sql
    PGPASSWORD='«!strong»' psql -h db -U «user» shop
    sshpass -p '«!strong»' ssh «user»@«host»
    az login --service-principal -u «uuid» -p «!strong» --tenant «uuid»
    aws configure set aws_secret_access_key «!base64:40»
    vault login -method=userpass username=«user» password=«!strong»
    vault kv put secret/db username=«user» password=«!strong»
    openssl enc -aes-256-cbc -salt -in a -out b -k «!strong»
    openssl enc -aes-256-cbc -d -in b -pass pass:«!strong»
    openssl rsa -passin pass:«!strong» -in key.pem
    gpg --batch --yes --passphrase «!strong» -d a.gpg
    keytool -genkey -alias app -storepass «!strong» -keypass «!strong» -keystore app.jks
    jarsigner -storepass «!strong» -keystore app.jks app.jar alias
    rabbitmqctl add_user «user» «!strong»
    psql -c "CREATE USER app WITH ENCRYPTED PASSWORD '«!strong»'"
    mongosh "mongodb+srv://«user»:«!strong»@cluster0.«host»/shop"
    redis-cli -h cache -a «!strong» ping
    git remote add origin https://«user»:«!strong»@git.«host»/app.git
    echo "«!strong»" | docker login -u «user» --password-stdin reg.«host»
    useradd -m -p '«!crypt6»' «user»
    echo '«user»:«!strong»' | chpasswd
    snmpwalk -v3 -u «user» -l authPriv -a SHA -A «!strong» -x AES -X «!strong» 10.0.0.1
    ldapsearch -x -D cn=«user»,dc=corp -w «!strong» -b dc=corp
    ipmitool -I lanplus -H 10.0.0.1 -U «user» -P «!strong» chassis status
    smbclient //files/share -U '«user»%«!strong»'
    xfreerdp /v:10.0.0.3 /u:«user» /p:«!strong»
    rsync --password-file=/etc/rsync.password a b
    twine upload -u «user» -p «!strong» dist/*
    svn checkout --username «user» --password «!strong» https://svn.«host»/
    sqlcmd -S db -U sa -P «!strong» -Q "select 1"
    influx -username «user» -password '«!strong»'
    nmcli dev wifi connect office password «!strong»
    """#),
  SettingsFile(
    ".github/workflows/ci.yml",
    #"""
    on: [push]
    env:
      DB_PASSWORD: «!password»
      API_KEY: «!base62:32»
      SECRET: ${{ secrets.DEPLOY_SECRET }}
    jobs:
      test:
        runs-on: ubuntu-latest
        services:
          postgres:
            image: postgres:16
            env:
              POSTGRES_PASSWORD: «!password»
        steps:
          - uses: actions/checkout@b4ffde65f46336ab88eb53be808477a3936bae11
          - run: ./deploy --token «!base62:40»
            with:
              password: «!password»
    """#),
  SettingsFile(
    "Jenkinsfile",
    #"""
    pipeline {
      environment {
        DB_PASSWORD = '«!password»'
        API_TOKEN = "«!base62:40»"
        CREDS = credentials('deploy-credentials')
      }
      stages { stage('x') { steps { sh "curl -u «user»:«!strong» https://ci.«host»/job" } } }
    }
    """#),
  SettingsFile(
    "android/app/build.gradle",
    #"""
    android {
        signingConfigs {
            release {
                storeFile file("release.keystore")
                storePassword "«!password»"
                keyAlias "upload"
                keyPassword "«!password»"
            }
        }
        defaultConfig { buildConfigField "String", "API_KEY", "\"«!base62:32»\"" }
    }
    """#),
  SettingsFile(
    "android/app/build.gradle.kts",
    #"""
    signingConfigs {
        create("release") {
            storePassword = "«!password»"
            keyPassword = System.getenv("KEY_PASSWORD") ?: "«!strong»"
        }
    }
    """#),
  SettingsFile(
    "ios/App/Info.plist",
    #"""
    <dict>
    	<key>CFBundleName</key>
    	<string>Orders</string>
    	<key>ApiKey</key>
    	<string>«!base62:32»</string>
    	<key>ClientSecret</key>
    	<string>«!base62:40»</string>
    </dict>
    """#),
  SettingsFile(
    "android/app/src/main/res/values/strings.xml",
    #"""
    <resources>
        <string name="app_name">Orders</string>
        <string name="password_hint">Enter your password</string>
        <string name="api_key" translatable="false">«!base62:32»</string>
        <string name="client_secret">«!base62:40»</string>
    </resources>
    """#),
  SettingsFile(
    "site.yml",
    #"""
    - hosts: db
      vars:
        ansible_become_pass: «!password»
        ansible_ssh_pass: "«!password»"
        vault_token: "{{ lookup('env', 'VAULT_TOKEN') }}"
      tasks:
        - mysql_user: name=«user» password=«!password» priv=shop.*:ALL state=present
        - user:
            name: «user»
            password: "«?crypt6»"
        - uri:
            url: https://api.«host»/
            url_password: "«!password»"
            headers: { Authorization: "Bearer «!base62:40»" }
    """#),
  SettingsFile(
    "main.tf",
    #"""
    resource "aws_db_instance" "main" {
      username = "«user»"
      password = "«!password»"
      engine   = "postgres"
    }
    variable "db_password" {
      type    = string
      default = "«!strong»"
    }
    resource "random_password" "x" { length = 16 }
    provider "vsphere" {
      user     = "«user»"
      password = "«!password»"
    }
    locals { jwt_secret = "«!base62:40»" }
    """#),
  SettingsFile(
    "cloudformation.yaml",
    #"""
    Parameters:
      DBPassword:
        Type: String
        Default: «!strong»
    Resources:
      DB:
        Type: AWS::RDS::DBInstance
        Properties:
          MasterUsername: «user»
          MasterUserPassword: «!password»
    """#),
  SettingsFile(
    "serverless.yml",
    #"""
    provider:
      environment:
        JWT_SECRET: «!base62:32»
        DB_URL: mysql://«user»:«!strong»@db.«host»:3306/shop
    """#),
  SettingsFile(
    "docker-compose.override.yml",
    #"""
    services:
      db:
        environment:
          - MYSQL_ROOT_PASSWORD=«!password»
          - MYSQL_USER=«user»
      minio:
        environment:
          MINIO_ROOT_USER: «user»
          MINIO_ROOT_PASSWORD: «!password»
        command: server --secret-key «!base62:40»
      cache:
        command: redis-server --requirepass «!strong» --appendonly yes
    """#),
  SettingsFile(
    "k8s/deployment.yaml",
    #"""
    apiVersion: apps/v1
    kind: Deployment
    spec:
      template:
        spec:
          containers:
            - name: app
              args: ["--admin-password=«!strong»", "--port=80"]
              env:
                - name: DB_PASSWORD
                  value: "«!password»"
                - name: API_TOKEN
                  valueFrom:
                    secretKeyRef: {name: api, key: token}
    """#),
  SettingsFile(
    "app.log",
    #"""
    2024-05-01T10:00:00Z DEBUG http > GET /v1/orders HTTP/1.1
    2024-05-01T10:00:00Z DEBUG http > Authorization: Bearer «!base62:43»
    2024-05-01T10:00:00Z DEBUG http > Cookie: theme=dark; session=«?base62:40»
    2024-05-01T10:00:01Z INFO  db connecting to postgres://«user»:«!strong»@db.«host»/shop
    2024-05-01T10:00:02Z INFO  request id=«uuid» took 12 ms
    2024-05-01T10:00:03Z DEBUG login failed for {"user": "«user»", "password": "«!password»"}
    """#),
  SettingsFile(
    "Procfile.env",
    #"""
    {"SECRET_KEY_BASE":"«!hex:128»","APP_KEY":"«!laravel»","WEB_CONCURRENCY":"2"}
    """#),
  SettingsFile(
    "service-account.json",
    #"""
    {
      "type": "service_account",
      "private_key_id": "«hex:40»",
      "private_key": "«!pemline»",
      "client_email": "«user»@project.iam.gserviceaccount.com"
    }
    """#),
]

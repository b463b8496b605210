// Settings of infrastructure: clouds, containers, databases, mail, networks and the tools that set them up.

let serverFiles: [SettingsFile] = [
  SettingsFile(
    "terraform.tfvars",
    #"""
    region      = "eu-central-1"
    db_username = "«user»"
    db_password = "«!password»"
    tags        = { owner = "«user»" }
    """#),
  SettingsFile(
    "terraform.tfstate",
    #"""
    {"version": 4, "serial": 3, "lineage": "«uuid»", "outputs": {"db_password": {"value": "«!password»", "type": "string", "sensitive": true}},
     "resources": [{"mode": "managed", "type": "aws_db_instance", "name": "orders", "instances": [{"attributes": {"address": "db.«host»",
       "username": "«user»", "password": "«!password»", "port": 5432}}]}]}
    """#),
  SettingsFile(
    ".terraformrc",
    "credentials \"app.terraform.io\" {\n  token = \"«!atlas»\"\n}\ncredentials \"tf.«host»\" {\n  token = \"«!base62:40»\"\n}\n"
  ),
  SettingsFile(
    "heroku.json",
    #"""
    {"HEROKU_API_KEY": "«!uuid»", "HEROKU_EMAIL": "«user»@«host»"}
    """#),
  SettingsFile(
    ".tugboat",
    #"""
    ---
    authentication:
      access_token: «!hex:64»
    ssh:
      ssh_user: «user»
      ssh_key_path: ~/.ssh/id_rsa
      ssh_port: '22'
    defaults:
      region: nyc2
      image: ubuntu-14-04-x64
    """#),
  SettingsFile(".config/doctl/config.yaml", "access-token: «!hex:64»\ncontext: default\noutput: text\n"),
  SettingsFile(
    "kubeconfig",
    #"""
    apiVersion: v1
    kind: Config
    clusters:
    - cluster:
        certificate-authority-data: «cert64»
        server: https://k8s.«host»:6443
      name: production
    users:
    - name: «user»
      user:
        client-certificate-data: «cert64»
        client-key-data: «!pem64:RSA PRIVATE KEY»
    - name: robot
      user:
        token: «!base62:32»
    - name: old
      user:
        username: «user»
        password: «!password»
    """#),
  SettingsFile(
    "k8s/secret.yaml",
    #"""
    apiVersion: v1
    kind: Secret
    metadata:
      name: orders
      labels: {app: orders}
    type: Opaque
    data:
      DB_HOST: ZGIuaW50ZXJuYWwuY29tcGFueQ==
      DB_PASSWORD: «!password64»
      api-token: «!token64»
    stringData:
      smtp-password: «!strong»
    """#),
  SettingsFile(
    "k8s/registry.yaml",
    "apiVersion: v1\nkind: Secret\nmetadata:\n  name: registry\ntype: kubernetes.io/dockerconfigjson\ndata:\n  .dockerconfigjson: «!docker64»\n"
  ),
  SettingsFile(
    "charts/orders/values.yaml",
    "image:\n  repository: registry.«host»/orders\n  tag: 1.4.2\npostgresql:\n  auth:\n    username: «user»\n    password: «!strong»\n    existingSecret: \"\"\nadminPassword: «!strong»\n"
  ),
  SettingsFile(
    "docker-compose.yml",
    #"""
    version: '3'
    services:
      db:
        image: mysql:8
        environment:
          MYSQL_ROOT_PASSWORD: «!strong»
          MYSQL_USER: «user»
          MYSQL_PASSWORD: «!strong»
      app:
        environment:
          - DATABASE_URL=mysql://«user»:«!strong»@db/orders
          - SECRET_KEY=«!strong»
          - ADMIN_PASSWORD=${ADMIN_PASSWORD}
        command: redis-server --requirepass «!strong»
    """#),
  SettingsFile(
    "Dockerfile",
    "FROM alpine:3\nENV DB_USER=«user» DB_PASSWORD=«!strong»\nARG NPM_TOKEN\nENV API_SECRET «!base62:32»\nRUN echo 'root:«!strong»' | chpasswd\n"
  ),
  SettingsFile(
    "group_vars/all.yml",
    "ansible_user: «user»\nansible_password: «!strong»\nansible_become_pass: '«!strong»'\nmysql_root_password: \"«!strong»\"\nvaulted: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  «hex:80»\n  «hex:80»\n"
  ),
  SettingsFile(
    "inventory.ini",
    "[web]\nweb1.«host» ansible_user=«user» ansible_ssh_pass=«!password» ansible_become_password=«!password»\n[web:vars]\nhttp_port=80\n"
  ),
  SettingsFile("secrets.vault.yml", "$ANSIBLE_VAULT;1.1;AES256\n«hex:80»\n«hex:80»\n«hex:34»\n"),
  SettingsFile(
    "etc/redis/redis.conf",
    "bind 127.0.0.1\nport 6379\nrequirepass «!password»\nmasterauth «!password»\nuser worker on >«!password» ~* +@all\nmaxmemory 256mb\n"
  ),
  SettingsFile(
    "rabbitmq.config",
    "[{rabbit, [{default_user, <<\"«user»\">>}, {default_pass, <<\"«!password»\">>}, {tcp_listeners, [5672]}]}].\n"),
  SettingsFile(
    "rabbitmq.conf",
    "listeners.tcp.default = 5672\ndefault_user = «user»\ndefault_pass = «!password»\nssl_options.password = «!password»\n"
  ),
  SettingsFile(
    "definitions.json",
    "{\"rabbit_version\":\"3.8.9\",\"users\":[{\"name\":\"«user»\",\"password_hash\":\"«!base64:48»\",\"hashing_algorithm\":\"rabbit_password_hashing_sha256\",\"tags\":\"administrator\"}],\"vhosts\":[{\"name\":\"/\"}]}\n"
  ),
  SettingsFile("etc/mosquitto/passwd", "«user»:«!mosquitto»\nsensor:«!mosquitto»\n"),
  SettingsFile("mongodb-keyfile", "«!lines64:16»\n"),
  SettingsFile(
    "elasticsearch.yml",
    "cluster.name: orders\nxpack.security.http.ssl.keystore.password: «!password»\nxpack.notification.email.account.work.smtp.user: «user»\n"
  ),
  SettingsFile(
    "kibana.yml",
    "server.port: 5601\nelasticsearch.username: \"kibana_system\"\nelasticsearch.password: \"«!password»\"\nxpack.security.encryptionKey: \"«!base62:32»\"\n"
  ),
  SettingsFile(
    "grafana.ini",
    "[database]\ntype = mysql\nuser = «user»\npassword = «!password»\n[security]\nadmin_user = admin\nadmin_password = «!password»\nsecret_key = «!base62:20»\n[smtp]\npassword = \"\"\"«!password»\"\"\"\n"
  ),
  SettingsFile(
    "prometheus.yml",
    "scrape_configs:\n- job_name: app\n  basic_auth:\n    username: «user»\n    password: «!password»\n  static_configs:\n  - targets: ['app.«host»:9090']\n"
  ),
  SettingsFile(
    "alertmanager.yml",
    "global:\n  smtp_smarthost: 'smtp.«host»:587'\n  smtp_auth_username: '«user»'\n  smtp_auth_password: '«!password»'\n"
  ),
  SettingsFile(
    "etc/wpa_supplicant/wpa_supplicant.conf",
    "ctrl_interface=/run/wpa_supplicant\nnetwork={\n  ssid=\"Office\"\n  psk=\"«!password»\"\n}\nnetwork={\n  ssid=\"Lab\"\n  psk=«!hex:64»\n}\nnetwork={\n  key_mgmt=WPA-EAP\n  identity=\"«user»\"\n  password=\"«!password»\"\n}\n"
  ),
  SettingsFile(
    "Office.nmconnection",
    "[connection]\nid=Office\nuuid=«uuid»\ntype=wifi\n[wifi-security]\nkey-mgmt=wpa-psk\npsk=«!password»\n"),
  SettingsFile(
    "etc/hostapd/hostapd.conf", "interface=wlan0\nssid=Office\nwpa_passphrase=«!password»\nwpa_key_mgmt=WPA-PSK\n"),
  SettingsFile(
    "etc/ppp/chap-secrets",
    "# client server secret IP addresses\n«user» * «!password» *\n\"«user»\" vpn \"«!password»\" 10.8.0.4\n"),
  SettingsFile(
    "router.cfg",
    "hostname edge1\nenable secret 5 «!crypt1»\nusername «user» password 7 «!HEX:18»\nusername admin privilege 15 secret 0 «!password»\nsnmp-server community «!strong» RO\ntacacs-server key «!strong»\nline vty 0 4\n password «!password»\n login\n"
  ),
  SettingsFile(
    "etc/snmp/snmpd.conf",
    "rocommunity «!password» 10.0.0.0/8\ncom2sec local localhost «!password»\ncreateUser «user» SHA «!password» AES «!password»\nsyslocation Berlin\n"
  ),
  SettingsFile(
    "client.ovpn",
    "client\ndev tun\nremote vpn.«host» 1194\n<auth-user-pass>\n«user»\n«!password»\n</auth-user-pass>\n<key>\n«!pem:PRIVATE KEY»\n</key>\n<tls-auth>\n«!static»\n</tls-auth>\n"
  ),
  SettingsFile(
    "wg0.conf",
    "[Interface]\nAddress = 10.6.0.2/32\nPrivateKey = «!wireguard»\n[Peer]\nPublicKey = «wireguard»\nPresharedKey = «!wireguard»\nEndpoint = vpn.«host»:51820\n"
  ),
  SettingsFile(
    "etc/ipsec.secrets",
    "# secrets\n: PSK \"«!password»\"\n10.1.1.1 %any : PSK \"«!password»\"\n«user» : EAP \"«!password»\"\nvpn : XAUTH \"«!password»\"\n"
  ),
  SettingsFile(
    "etc/ldap/slapd.conf",
    "suffix \"dc=example,dc=org\"\nrootdn \"cn=admin,dc=example,dc=org\"\nrootpw «!ssha»\ndirectory /var/lib/ldap\n"),
  SettingsFile(
    "etc/nslcd.conf",
    "uri ldap://ldap.«host»/\nbase dc=example,dc=org\nbinddn cn=reader,dc=example,dc=org\nbindpw «!password»\n"),
  SettingsFile(
    "etc/sssd/sssd.conf",
    "[domain/office]\nldap_uri = ldaps://ldap.«host»\nldap_default_bind_dn = cn=reader,dc=example,dc=org\nldap_default_authtok_type = password\nldap_default_authtok = «!password»\n"
  ),
  SettingsFile(
    "users.ldif",
    "dn: uid=«user»,ou=people,dc=example,dc=org\nuid: «user»\nuserPassword: «!ssha»\nuserPassword:: «!password64»\n"),
  SettingsFile(
    "etc/dovecot/dovecot-sql.conf",
    "driver = mysql\nconnect = host=db.«host» dbname=mail user=«user» password=«!password»\ndefault_pass_scheme = SHA512-CRYPT\n"
  ),
  SettingsFile(
    "etc/haproxy/haproxy.cfg",
    "userlist staff\n  user «user» password «!crypt6»\n  user deploy insecure-password «!password»\nlisten stats\n  stats auth «user»:«!password»\n"
  ),
  SettingsFile(
    "etc/asterisk/sip.conf",
    "[6001]\ntype=friend\nhost=dynamic\nsecret=«!strong»\ncontext=internal\nregister => «user»:«!strong»@sip.«host»/6001\n"
  ),
  SettingsFile("etc/freeradius/clients.conf", "client office {\n  ipaddr = 10.0.0.0/8\n  secret = «!password»\n}\n"),
  SettingsFile("etc/freeradius/users", "«user» Cleartext-Password := \"«!password»\"\n  Reply-Message := \"Hello\"\n"),
  SettingsFile("etc/bind/rndc.key", "key \"rndc-key\" {\n  algorithm hmac-sha256;\n  secret \"«!base64:44»\";\n};\n"),
  SettingsFile("etc/samba/smbpasswd", "«user»:1001:«!HEX:32»:«!HEX:32»:[U          ]:LCT-5F3A1B2C:\n"),
  SettingsFile("vsftpd_login.txt", "«user»\n«!password»\n"),
  SettingsFile(
    ".gitlab-ci.yml",
    "variables:\n  POSTGRES_USER: «user»\n  POSTGRES_PASSWORD: «!strong»\n  IMAGE: alpine:3\ndeploy:\n  script:\n    - sshpass -p «!strong» scp app.tar «user»@web.«host»:/srv\n    - docker login -u «user» -p «!strong» registry.«host»\n"
  ),
  SettingsFile(
    "Vagrantfile",
    "Vagrant.configure('2') do |config|\n  config.vm.box = 'ubuntu/focal64'\n  config.ssh.username = '«user»'\n  config.ssh.password = '«!strong»'\nend\n"
  ),
  SettingsFile(
    "unattend.xml",
    "<AutoLogon>\n  <Password>\n    <Value>«!password»</Value>\n    <PlainText>true</PlainText>\n  </Password>\n  <Username>«user»</Username>\n</AutoLogon>\n"
  ),
  SettingsFile(
    "Groups.xml",
    "<Properties action=\"U\" newName=\"\" cpassword=\"«!base64:43»\" userName=\"«user»\" changeLogon=\"0\"/>\n"),
  SettingsFile(
    "odbc.ini", "[orders]\nDriver = PostgreSQL\nServername = db.«host»\nUserName = «user»\nPassword = «!password»\n"),
  SettingsFile("tnsnames.properties", "jdbc.url=jdbc:oracle:thin:«user»/«!password»@db.«host»:1521:ORCL\n"),
  SettingsFile(
    "kickstart.cfg",
    "lang en_US\nrootpw --iscrypted «!crypt6»\nuser --name=«user» --password=«!password» --plaintext\ntimezone Europe/Berlin\n"
  ),
  SettingsFile(
    "preseed.cfg",
    "d-i passwd/username string «user»\nd-i passwd/user-password password «!password»\nd-i passwd/root-password-crypted password «!crypt6»\n"
  ),
  SettingsFile(
    "user-data",
    "#cloud-config\nusers:\n  - name: «user»\n    passwd: «!crypt6»\nchpasswd:\n  list: |\n    root:«!password»\n"),
  SettingsFile("etc/sudo.conf", "# Set askpass /usr/bin/ssh-askpass\nPath askpass /usr/bin/askpass\n"),
]

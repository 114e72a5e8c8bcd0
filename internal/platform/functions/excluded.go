package functions

// Excluded says why a function that Terraform, OpenTofu or Terragrunt knows is
// not in Table, for the message to the person who wrote it in platform.hcl.
var Excluded = excluded(map[string][]string{
	"it reads files or folders of the machine it runs on; put the value into platform.hcl, or read the file in a module": {
		"abspath", "file", "filebase64", "filebase64sha256", "filebase64sha512", "fileexists", "filemd5", "fileset",
		"filesha1", "filesha256", "filesha512", "pathexpand", "templatefile",
	},
	"it gives another result on every run": {
		"bcrypt", "plantimestamp", "timestamp", "uuid",
	},
	"its result depends on the version of the compressor in each tool": {
		"base64gzip",
	},
	"a secret does not belong into platform.hcl; use secret(\"NAME\")": {
		"rsadecrypt", "sops_decrypt_file",
	},
	"Terragrunt forgets the mark and shows the value; mark the variable of the module instead": {
		"nonsensitive", "sensitive",
	},
	"Terraform removed it; write [ ... ] or { ... }": {
		"list", "map",
	},
	"Terragrunt does not have it": {
		"ephemeralasnull", "issensitive", "templatestring",
	},
	"only OpenTofu has it": {
		"base64gunzip", "cidrcontains", "urldecode",
	},
	"only the console has it": {
		"type",
	},
	"platform.hcl has secret(\"NAME\") for what comes from the environment": {
		"get_env",
	},
	"it works in Terragrunt alone, and platform.hcl is evaluated before Terragrunt runs": {
		"constraint_check", "deep_merge", "find_in_parent_folders", "get_aws_account_alias", "get_aws_account_id",
		"get_aws_caller_identity_arn", "get_aws_caller_identity_user_id", "get_default_retryable_errors",
		"get_original_terragrunt_dir", "get_parent_terragrunt_dir", "get_path_from_repo_root", "get_path_to_repo_root",
		"get_platform", "get_repo_root", "get_terraform_cli_args", "get_terraform_command",
		"get_terraform_commands_that_need_input", "get_terraform_commands_that_need_locking",
		"get_terraform_commands_that_need_parallelism", "get_terraform_commands_that_need_vars",
		"get_terragrunt_dir", "get_terragrunt_source_cli_flag", "get_working_dir", "mark_as_read", "mark_glob_as_read",
		"path_relative_from_include", "path_relative_to_include", "read_terragrunt_config", "read_tfvars_file", "run_cmd",
	},
})

func excluded(namesByReason map[string][]string) map[string]string {
	reasons := map[string]string{}
	for reason, names := range namesByReason {
		for _, name := range names {
			reasons[name] = reason
		}
	}
	return reasons
}
